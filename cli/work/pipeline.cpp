#include "cli/work/pipeline.h"

#include "cli/console/log.h"

namespace orrery::cli {

Result<Prepared> prepare_aloud(const std::string& file, const std::vector<models::Override>& overrides,
                               models::Form form) {
  auto read = models::read_scenario(file, overrides);
  if (!read) return read.errors();
  return prepare_aloud(std::move(read).value(), form);
}

Result<Prepared> prepare_aloud(models::Scenario scenario, models::Form form) {
  auto prepared = prepare(
      std::move(scenario), [](const std::string& text) { say(Detail::part, text); }, form);
  if (!prepared) return prepared;
  for (const std::string& warning : prepared->scenario.warnings) say(Detail::all, "warning: " + warning);
  for (const std::string& key : prepared->scenario.defaults_used) say(Detail::all, "default: " + key);
  return prepared;
}

Simulated simulate_aloud(const Prepared& prepared, const SimulateOptions& options) {
  Simulated simulated = simulate(prepared, options);
  say(Detail::part, "simulated " + std::to_string(simulated.ranks.ops) + " ops in " +
                        std::to_string(simulated.classes.events) + " events");
  return simulated;
}

report::MemoryOverTime memory_over_time(const report::MemoryTimeline& timeline, const std::vector<RankId>& ranks,
                                        const sim::RunResult& run, int slices) {
  report::MemoryOverTime over;
  for (const RankId rank : ranks) {
    const sim::RankSummary& summary = run.ranks[rank];
    over.levels.push_back(timeline.levels(rank, summary.previous_step_end, summary.step_end, slices));
  }
  over.step = run.step_time();
  return over;
}

}  // namespace orrery::cli
