#include "models/run/layer_costs.h"

#include <numeric>

#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Nothing but layers and their ends takes time here, so that m micro-batches are a step.
TEST(LayerSeconds, AddUpToTheStep) {
  for (const char* layout : {"{tp: 1}", "{tp: 2}", "{tp: 4, sequence_parallel: true}"}) {
    const Scenario s =
        read(small_scenario(), {{"layout", layout},
                                {"cluster", "{preset: ideal, nodes: 1, gpus_per_node: 4}"},
                                {"training.global_batch", "512"},  // next to which the optimizer is little
                                {"software", "ideal"}});
    const Compiled programs = compiled(s);
    const LayerSeconds seconds = layer_seconds(s, programs);
    const double all = std::accumulate(seconds.layers.begin(), seconds.layers.end(), seconds.others.front());
    const double step = run_folded(programs).step_time().seconds();
    EXPECT_NEAR(s.micro_batches() * all / step, 1, 0.02) << layout;
  }
}

}  // namespace
}  // namespace orrery::models
