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

// Times of all ranks together: of 100,000 GPUs, steps of 93 s are more picoseconds than 64 bits hold.
using Sums = std::array<Int128, kParts.size()>;

Int128& sum_of(Duration TimeParts::*part, Sums& sums) {
  const auto at = std::find_if(kParts.begin(), kParts.end(), [&](const auto& p) { return p.member == part; });
  return sums[static_cast<std::size_t>(at - kParts.begin())];
}

// Of `ranks` ranks that spent their time alike.
void add(const std::vector<Duration>& by_category, Duration TimeParts::* (*part)(TimeCategory), std::int64_t ranks,
         Sums& sums) {
  for (std::size_t i = 0; i < by_category.size(); ++i)
    if (by_category[i] != Duration())
      sum_of(part(static_cast<TimeCategory>(i)), sums) += static_cast<Int128>(ranks) * by_category[i].count_ps();
}

// Divides every sum by `n`; what rounding leaves goes to the largest, so that
// the mean of the sum is the sum of the means.
TimeParts mean_of(const Sums& sums, std::int64_t n) {
  TimeParts parts;
  Int128 total = 0;
  Duration TimeParts::*largest = kParts[0].member;
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    total += sums[i];
    parts.*kParts[i].member = Duration::ps(static_cast<std::int64_t>(sums[i] / n));
    if (parts.*kParts[i].member > parts.*largest) largest = kParts[i].member;
  }
  parts.*largest += Duration::ps(static_cast<std::int64_t>(total / n)) - parts.total();
  return parts;
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
  Sums sums = {};
  const std::int64_t all = std::accumulate(ranks.begin(), ranks.end(), std::int64_t{0});
  if (all == 0) return {};
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const sim::RankTime& time = run.ranks.distinct()[i].time;
    add(time.busy, part_of, ranks[i], sums);
    add(time.exposed, part_of, ranks[i], sums);
    add(time.late, late_part_of, ranks[i], sums);
    sum_of(&TimeParts::bubble, sums) += static_cast<Int128>(ranks[i]) * time.bubble.count_ps();
  }
  TimeParts parts = mean_of(sums, all);
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
