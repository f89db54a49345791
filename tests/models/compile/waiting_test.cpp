// Interleaved schedules whose sends wait for their receives (overlap.pipeline: false).

#include <algorithm>

#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

Scenario interleaved(int p, int v, int m, int group, bool overlap) {
  return read(small_scenario(), {{"cluster", "{preset: ideal, gpus: " + std::to_string(p) + "}"},
                                 {"model.layers", "24"},
                                 {"layout.pp", std::to_string(p)},
                                 {"training.global_batch", std::to_string(m)},
                                 {"pipeline.schedule", "interleaved-1f1b"},
                                 {"pipeline.virtual_stages", std::to_string(v)},
                                 {"pipeline.group", std::to_string(group)},
                                 {"overlap.pipeline", overlap ? "true" : "false"}});
}

std::vector<int> groups(int p, int m) {
  std::vector<int> valid;
  for (int n = 1; n <= m; ++n)
    if (m % n == 0 || m % n >= std::min(p, n)) valid.push_back(n);
  return valid;
}

// Groups smaller and larger than the pipeline, and as few micro-batches as ranks: then some ranks run all forwards
// first.
TEST(WaitingSends, NeverWaitForEachOther) {
  for (const int p : {2, 3, 4})
    for (const int v : {2, 3})
      for (int m = 1; m <= 2 * p + 1; ++m)
        for (const int n : groups(p, m))
          EXPECT_FALSE(sim::run(compiled(interleaved(p, v, m, n, false)).workload).stuck)
              << "pp " << p << ", chunks " << v << ", micro-batches " << m << ", groups of " << n;
}

// Where transfers take no time, waiting for one only holds up a rank that its neighbour is behind. In Megatron-LM's own
// order neighbours come to each exchange together.
TEST(WaitingSends, CostLittleWhereTransfersAreFree) {
  for (const auto& [m, n] : {std::pair{8, 4}, {4, 4}, {12, 6}, {8, 8}}) {
    const double waits = run_every_rank(compiled(interleaved(4, 2, m, n, false))).step_time().seconds();
    const double free = run_every_rank(compiled(interleaved(4, 2, m, n, true))).step_time().seconds();
    EXPECT_GE(waits, 0.999 * free) << m << ' ' << n;
    EXPECT_LE(waits, 1.15 * free) << m << ' ' << n;
  }
}

}  // namespace
}  // namespace orrery::models
