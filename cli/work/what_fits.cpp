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

// A degree twice as large takes its ranks from data parallelism; where the file writes that too, both are told.
Change doubled(const Scenario& scenario, const char* axis, int degree) {
  Change change = set(std::string("layout.") + axis, std::to_string(2 * degree));
  if (!scenario.places.contains("layout.dp")) return change;
  const Change fewer = set("layout.dp", std::to_string(scenario.layout.dp / 2));
  change.name += " " + fewer.name;
  change.keys.insert(change.keys.end(), fewer.keys.begin(), fewer.keys.end());
  return change;
}

// What is offloaded already stays so.
void add_offloads(const models::OffloadSpec& now, std::vector<Change>& list) {
  if (now.optimizer == models::Place::gpu) list.push_back(set("layout.offload.optimizer", "cpu"));
  if (now.parameters == models::Place::gpu) list.push_back(set("layout.offload.parameters", "cpu"));
  if (now.activations == models::Place::gpu) list.push_back(set("layout.offload.activations", "cpu"));
}

std::vector<Change> changes(const Scenario& s) {
  std::vector<Change> list;
  for (const char* recompute : {"[norm]", "[mlp]", "selective-op", "full"})
    list.push_back(set("training.recompute", recompute));
  if (s.layout.fsdp.empty())
    for (int stage = s.layout.zero + 1; stage <= 3; ++stage) list.push_back(set("layout.zero", std::to_string(stage)));
  add_offloads(s.layout.offload, list);
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
                                      const Scenario& scenario, Bytes needed_now, const std::atomic<bool>* stop) {
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
    const Bytes needed = memory.reserved + memory.runtime;
    if (needed < needed_now) remedies.push_back({change.name, needed, memory.fits, simulated.ranks.step_time()});
  }
  std::stable_sort(remedies.begin(), remedies.end(), better);
  return remedies;
}

}  // namespace orrery::cli
