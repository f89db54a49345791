// Where the step goes, as the mean over ranks.
//
// The engine puts every picosecond of a rank's step in one place (RankTime).
// Here those places become the parts of the result:
//
//   busy, exposed of compute, recompute, optimizer, offload, host   -> their part
//   busy, exposed, late of tp, cp, ep, dp                           -> exposed_*
//   busy, exposed of pp                                             -> exposed_pp
//   late of pp, bubble                                              -> bubble
//   what is late anywhere else, category other                      -> other
//
// A rank's own step is the time between its own step ends; the step of the
// cluster is that between the latest ranks' ends. They agree in steady state;
// where they do not, the difference is waiting that no op shows, and goes to
// `other`, or comes out of waiting, the bubble first, when a rank's own step was the longer one (noise).
#include <algorithm>
#include <array>
#include <numeric>

#include "report/result.h"

namespace orrery::report {
namespace {

using models::TimeCategory;

constexpr std::array<TimeParts::Part, 12> kParts = {{
    {"compute_s", "compute", &TimeParts::compute},
    {"recompute_s", "recompute", &TimeParts::recompute},
    {"exposed_tp_s", "exposed TP", &TimeParts::exposed_tp},
    {"exposed_cp_s", "exposed CP", &TimeParts::exposed_cp},
    {"exposed_ep_s", "exposed EP", &TimeParts::exposed_ep},
    {"exposed_pp_s", "exposed PP", &TimeParts::exposed_pp},
    {"exposed_dp_s", "exposed DP", &TimeParts::exposed_dp},
    {"bubble_s", "bubble", &TimeParts::bubble},
    {"optimizer_s", "optimizer", &TimeParts::optimizer},
    {"offload_s", "offload", &TimeParts::offload},
    {"host_s", "host", &TimeParts::host},
    {"other_s", "other", &TimeParts::other},
}};

// The part that busy and exposed time of a category counts in.
Duration TimeParts::*part_of(TimeCategory category) {
  switch (category) {
    case TimeCategory::compute:
      return &TimeParts::compute;
    case TimeCategory::recompute:
      return &TimeParts::recompute;
    case TimeCategory::tp:
      return &TimeParts::exposed_tp;
    case TimeCategory::cp:
      return &TimeParts::exposed_cp;
    case TimeCategory::ep:
      return &TimeParts::exposed_ep;
    case TimeCategory::pp:
      return &TimeParts::exposed_pp;
    case TimeCategory::dp:
      return &TimeParts::exposed_dp;
    case TimeCategory::optimizer:
      return &TimeParts::optimizer;
    case TimeCategory::offload:
      return &TimeParts::offload;
    case TimeCategory::host:
      return &TimeParts::host;
    case TimeCategory::other:
      return &TimeParts::other;
  }
  return &TimeParts::other;
}

// The part that waiting for late peers of a category counts in.
Duration TimeParts::*late_part_of(TimeCategory category) {
  switch (category) {
    case TimeCategory::tp:
    case TimeCategory::cp:
    case TimeCategory::ep:
    case TimeCategory::dp:
      return part_of(category);
    case TimeCategory::pp:
      return &TimeParts::bubble;
    default:
      return &TimeParts::other;
  }
}

// Of `ranks` ranks that spent their time alike.
void add(const std::vector<Duration>& by_category, Duration TimeParts::* (*part)(TimeCategory), std::int64_t ranks,
         TimeParts& sums) {
  for (std::size_t i = 0; i < by_category.size(); ++i)
    sums.*part(static_cast<TimeCategory>(i)) += ranks * by_category[i];
}

// Divides every part by `n`; what rounding leaves goes to the largest, so that
// the mean of the sum is the sum of the means.
void divide(TimeParts& sums, std::int64_t n) {
  const Duration mean_total = Duration::ps(sums.total().count_ps() / n);
  Duration TimeParts::*largest = kParts[0].member;
  for (const auto& part : kParts) {
    sums.*part.member = Duration::ps((sums.*part.member).count_ps() / n);
    if (sums.*part.member > sums.*largest) largest = part.member;
  }
  sums.*largest += mean_total - sums.total();
}

// What is taken from first where a rank's own step is longer than the cluster's: waiting, then work.
constexpr std::array<Duration TimeParts::*, 12> kTakenFrom = {
    &TimeParts::bubble,     &TimeParts::other,      &TimeParts::exposed_dp, &TimeParts::exposed_ep,
    &TimeParts::exposed_cp, &TimeParts::exposed_tp, &TimeParts::exposed_pp, &TimeParts::host,
    &TimeParts::offload,    &TimeParts::optimizer,  &TimeParts::recompute,  &TimeParts::compute};

// Makes the parts add up to the cluster's step.
void settle(Duration step, TimeParts& parts) {
  Duration missing = step - parts.total();
  if (missing >= Duration()) parts.other += missing;
  for (const auto part : kTakenFrom) {
    if (missing >= Duration()) return;
    const Duration taken = std::min(parts.*part, Duration() - missing);
    parts.*part -= taken;
    missing += taken;
  }
}

}  // namespace

std::span<const TimeParts::Part> TimeParts::all() {
  return kParts;
}

Duration TimeParts::total() const {
  Duration sum;
  for (const Part& part : kParts) sum += this->*part.member;
  return sum;
}

namespace {

// `ranks`: of each distinct summary, how many count.
TimeParts mean_over(const sim::RunResult& run, const std::vector<std::int64_t>& ranks) {
  TimeParts parts;
  const std::int64_t all = std::accumulate(ranks.begin(), ranks.end(), std::int64_t{0});
  if (all == 0) return parts;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const sim::RankTime& time = run.ranks.distinct()[i].time;
    add(time.busy, part_of, ranks[i], parts);
    add(time.exposed, part_of, ranks[i], parts);
    add(time.late, late_part_of, ranks[i], parts);
    parts.bubble += ranks[i] * time.bubble;
  }
  divide(parts, all);
  settle(run.step_time(), parts);
  return parts;
}

}  // namespace

TimeParts mean_time(const sim::RunResult& run) {
  return mean_over(run, run.ranks.multiplicities());
}

std::vector<TimeParts> stage_times(const RunInputs& inputs) {
  const models::Compiled& compiled = inputs.compiled;
  std::vector<TimeParts> times;
  for (int stage = 0; stage < inputs.scenario.layout.pp; ++stage)
    times.push_back(mean_over(inputs.run, inputs.run.ranks.multiplicities([&](RankId rank) {
      return compiled.stage_of_program[compiled.workload.program_of[rank].value] == stage;
    })));
  return times;
}

}  // namespace orrery::report
