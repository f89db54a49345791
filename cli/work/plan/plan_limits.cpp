#include "cli/work/plan/plan_limits.h"

#include <algorithm>

#include "cli/work/what_if.h"

namespace orrery::cli {
namespace {

constexpr int kATenthMore = 110, kTwice = 200;  // percent

// The fastest of the layouts that do not fit, had GPUs that much of their memory; none if it is no faster than the
// winner.
std::optional<report::WithMore> fastest_with(int percent, std::string change, const PlanWinner& winner,
                                             sweep::SearchOptions options) {
  Room room = winner.layouts.scope().room;
  room.percent = percent;
  const PlanLayouts roomy = winner.layouts.in(room);
  options.top = 1;
  options.below = winner.step.seconds();
  PlanLayouts::Best found = roomy.best(options, winner.layouts.too_large());
  if (found.results.empty()) return std::nullopt;
  report::Result& result = found.results.front();
  const Duration step = result.step_time;
  return report::WithMore{std::move(change), step, std::move(result),
                          in_words(roomy.told(found.search.best.front().candidate).set)};
}

// The same layout on twice as many GPUs, each replica with half as many micro-batches.
std::optional<report::WithMore> on_twice_the_gpus(const PlanWinner& winner) {
  const Result<models::Scenario> here = winner.layouts.read(winner.layouts.layout(winner.layout));
  if (!here) return std::nullopt;
  PlanScope scope = winner.layouts.scope();
  scope.gpus = 2 * here->cluster.gpus();
  PlanLayouts larger(std::move(scope));
  if (!larger.open()) return std::nullopt;
  std::optional<report::Result> result = larger.run(winner.layouts.layout(winner.layout));
  if (!result) return std::nullopt;
  const Duration step = result->step_time;
  return report::WithMore{"twice as many GPUs", step, std::move(*result), ""};
}

}  // namespace

report::PlanLimits limits_of(const PlanWinner& winner, const sweep::SearchOptions& options) {
  report::PlanLimits limits;
  const Result<models::Scenario> scenario = winner.layouts.read(winner.layouts.layout(winner.layout));
  if (!scenario) return limits;
  for (report::WhatIf& answer : what_if(*scenario, Faster::by_a_tenth, options.stop))
    limits.a_tenth.push_back({std::move(answer.change), answer.step, std::nullopt, ""});
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(); };
  if (!stopped()) limits.twice_gpus = on_twice_the_gpus(winner);

  if (!winner.layouts.scope().room.any && !stopped()) {
    if (auto more = fastest_with(kATenthMore, "10 % more GPU memory", winner, options))
      limits.a_tenth.push_back(std::move(*more));
    limits.twice_memory = fastest_with(kTwice, "twice as much GPU memory", winner, options);
    limits.memory_looked_into = !stopped();
  }
  std::stable_sort(limits.a_tenth.begin(), limits.a_tenth.end(),
                   [](const report::WithMore& a, const report::WithMore& b) { return a.step < b.step; });
  return limits;
}

}  // namespace orrery::cli
