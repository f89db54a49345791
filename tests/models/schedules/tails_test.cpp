#include "models/schedules/tails.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace orrery::models {
namespace {

std::vector<ScheduleCosts> costs_of(int stages) {
  std::vector<ScheduleCosts> costs;
  for (int s = 0; s < stages; ++s) {
    ScheduleCosts c;
    c.forward = 5 + s % 3;
    c.input_gradient = 4 + s % 2;
    c.weight_gradient = 3 + s % 5;
    c.backward = c.input_gradient + c.weight_gradient;
    c.overlap = c.forward + c.backward;
    costs.push_back(c);
  }
  return costs;
}

std::int64_t cost(const std::vector<ScheduleCosts>& costs, const Action& pass) {
  const ScheduleCosts& c = costs[static_cast<std::size_t>(pass.stage)];
  switch (pass.type) {
    case Action::Type::input_gradient:
      return c.input_gradient;
    case Action::Type::weight_gradient:
      return c.weight_gradient;
    case Action::Type::backward:
      return c.backward;
    default:
      return c.forward;
  }
}

// All ranks begin at once in evaluate(), so what takes it longest is the longest tail. Slots of two passes may
// hand on the first of them before they are over, which evaluate() does not have.
TEST(RankTails, TheLongestIsTheMakespan) {
  int schedules = 0;
  for (const std::string_view name : schedule_names()) {
    ScheduleRequest request;
    request.name = name;
    request.ranks = 4;
    request.micro_batches = 16;
    request.chunks = usual_chunks(name);
    if (!schedule_traits(name).flushes) continue;
    const Result<Schedule> schedule = make_schedule(request);
    if (!schedule) continue;
    const std::vector<ScheduleCosts> costs = costs_of(schedule->stages());
    const auto tails = rank_tails(*schedule, [&](const Action& pass, bool) { return cost(costs, pass); });
    ASSERT_TRUE(tails) << name;
    const std::int64_t makespan = evaluate_by_stage(*schedule, costs).makespan;
    const std::int64_t longest = *std::max_element(tails->begin(), tails->end());
    const bool has_slots = std::any_of(schedule->order.front().begin(), schedule->order.front().end(),
                                       [](const Action& a) { return a.type == Action::Type::overlap; });
    if (has_slots)
      EXPECT_LE(longest, makespan) << name;
    else
      EXPECT_EQ(longest, makespan) << name;
    EXPECT_GT(10 * longest, 8 * makespan) << name;
    ++schedules;
  }
  EXPECT_GE(schedules, 12);
}

// 1F1B with forwards of 1 and backwards of 2: the first rank's first gradient comes back when the first micro-batch
// has been everywhere, the last rank's last one has its way to the first before it.
TEST(RankTails, OfOneForwardOneBackward) {
  ScheduleRequest request;
  request.name = "1f1b";
  request.ranks = 4;
  request.micro_batches = 8;
  const Result<Schedule> schedule = make_schedule(request);
  ASSERT_TRUE(schedule);
  const auto tails = rank_tails(
      *schedule, [](const Action& pass, bool) -> std::int64_t { return pass.type == Action::Type::forward ? 1 : 2; });
  ASSERT_TRUE(tails);
  EXPECT_EQ((*tails)[0], (8 + 3) * 3);
  EXPECT_EQ((*tails)[3], 8 * 3 + 3 * 2);
}

// Steps of a stream without an end may follow each other anyhow.
TEST(RankTails, WithoutAFlushOnlyOwnWorkCounts) {
  ScheduleRequest request;
  request.name = "pipedream-2bw";
  request.ranks = 4;
  request.micro_batches = 8;
  const Result<Schedule> schedule = make_schedule(request);
  ASSERT_TRUE(schedule);
  const auto tails = rank_tails(repeating_stretch(*schedule), [](const Action&, bool) -> std::int64_t { return 1; });
  ASSERT_TRUE(tails);
  for (const std::int64_t tail : *tails) EXPECT_EQ(tail, 16);
}

}  // namespace
}  // namespace orrery::models
