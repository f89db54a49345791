#pragma once

#include "report/result.h"

namespace orrery::report::testing {

using models::TimeCategory;

// A rank whose step of `step` lies behind `before`, with nothing in it yet.
inline sim::RankSummary rank_with_step(Duration before, Duration step) {
  sim::RankSummary rank;
  rank.time.busy.resize(models::kTimeCategories);
  rank.time.exposed.resize(models::kTimeCategories);
  rank.time.late.resize(models::kTimeCategories);
  rank.memory.by_cause.resize(models::kMemoryCauses);
  rank.previous_step_end = Time::at(before);
  rank.step_end = Time::at(before + step);
  return rank;
}

inline Duration& at(std::vector<Duration>& by_category, TimeCategory category) {
  return by_category[static_cast<std::size_t>(category)];
}

inline sim::RunResult run_of(std::vector<sim::RankSummary> ranks, Duration before, Duration step) {
  sim::RunResult run;
  for (auto& rank : ranks) run.ranks.add(std::move(rank));
  run.step_ends = {Time::at(before), Time::at(before + step)};
  return run;
}

// A finished result with a number in every place, for the writers.
Result example_result();

}  // namespace orrery::report::testing
