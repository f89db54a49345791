#include "cli/work/what_fits.h"

#include <algorithm>

namespace orrery::cli {
namespace {

using models::Override;
using models::Scenario;

struct Change {
  std::string name;
  std::vector<Override> keys;
};

Change set(const std::string& path, const std::string& value) {
  return {path + "=" + value, {{path, value}}};
}

// A degree twice as large takes its ranks from data parallelism.
Change doubled(const Scenario& scenario, const char* axis, int degree) {
  Change change = set(std::string("layout.") + axis, std::to_string(2 * degree));
  if (scenario.places.contains("layout.dp"))
    change.keys.push_back({"layout.dp", std::to_string(scenario.layout.dp / 2)});
  return change;
}

std::vector<Change> changes(const Scenario& s) {
  std::vector<Change> list;
  for (const char* recompute : {"[norm]", "[mlp]", "selective-op", "full"})
    list.push_back(set("training.recompute", recompute));
  if (s.layout.fsdp.empty())
    for (int stage = s.layout.zero + 1; stage <= 3; ++stage) list.push_back(set("layout.zero", std::to_string(stage)));
  list.push_back(set("layout.offload", "{optimizer: cpu}"));
  list.push_back(set("layout.offload", "{activations: cpu}"));
  if (s.training.micro_batch % 2 == 0)
    list.push_back(set("training.micro_batch", std::to_string(s.training.micro_batch / 2)));
  if (s.layout.dp % 2 != 0) return list;
  list.push_back(doubled(s, "tp", s.layout.tp));
  list.push_back(doubled(s, "cp", s.layout.cp));
  list.push_back(doubled(s, "pp", s.layout.pp));
  return list;
}

bool better(const report::Remedy& a, const report::Remedy& b) {
  if (a.fits != b.fits) return a.fits;
  return a.fits ? a.step < b.step : a.needed < b.needed;
}

}  // namespace

std::vector<report::Remedy> what_fits(const std::string& file, const std::vector<Override>& overrides,
                                      const Scenario& scenario, const std::atomic<bool>* stop) {
  std::vector<report::Remedy> remedies;
  for (const Change& change : changes(scenario)) {
    std::vector<Override> all = overrides;
    all.insert(all.end(), change.keys.begin(), change.keys.end());
    auto read = models::read_scenario(file, all);
    if (!read) continue;  // not possible here
    read->jobs.clear();
    // What a rank holds hangs on no noise; with it every rank would be simulated, for each change.
    read->simulation.jitter_compute = 0;
    read->simulation.fold = true;
    const auto prepared = prepare(std::move(*read));
    if (!prepared) continue;
    SimulateOptions options;
    options.stop = stop;
    const Simulated simulated = simulate(*prepared, options);
    throw_if_stuck(simulated);
    if (simulated.classes.interrupted) break;
    const report::Memory memory =
        report::memory_of({prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0});
    remedies.push_back({change.name, memory.reserved + memory.runtime, memory.fits, simulated.ranks.step_time()});
  }
  std::stable_sort(remedies.begin(), remedies.end(), better);
  return remedies;
}

}  // namespace orrery::cli
