// Small orders that a person can work out on paper.
#include <gtest/gtest.h>

#include "models/schedules/notation.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

std::string order(const ScheduleRequest& request) {
  const Result<Schedule> schedule = make_schedule(request);
  return schedule ? schedule_csv(*schedule) : to_string(schedule.errors().front());
}

// Gradient accumulation without a pipeline: activations of one micro-batch live at a time.
TEST(ByHand, NoneAlternates) {
  EXPECT_EQ(order({"none", 1, 3}), "0F0,0B0,0F1,0B1,0F2,0B2\n");
}

TEST(ByHand, GpipeRunsAllForwardsFirst) {
  EXPECT_EQ(order({"gpipe", 2, 2}),
            "0F0,0F1,0B0,0B1\n"
            "1F0,1F1,1B0,1B1\n");
}

// The last stage alternates from the start; each stage before it runs one more forward first.
TEST(ByHand, OneForwardOneBackwardWarmsUpByDistanceToTheEnd) {
  EXPECT_EQ(order({"1f1b", 3, 4}),
            "0F0,0F1,0F2,0B0,0F3,0B1,0B2,0B3\n"
            "1F0,1F1,1B0,1F2,1B1,1F3,1B2,1B3\n"
            "2F0,2B0,2F1,2B1,2F2,2B2,2F3,2B3\n");
}

// p = 2, v = 2, m = 2, so N = 2. Rank 1 holds stages 1 and 3: warm-up 2 = (v-1)N, and
// backward starts with the last stage. Rank 0 has warm-up 4 = all of its forwards.
TEST(ByHand, InterleavedGoesThroughChunksGroupByGroup) {
  EXPECT_EQ(order({"interleaved-1f1b", 2, 2, 2}),
            "0F0,0F1,2F0,2F1,2B0,2B1,0B0,0B1\n"
            "1F0,1F1,3F0,3B0,3F1,3B1,1B0,1B1\n");
}

// Groups of 3 out of 5: micro-batches 0..2 through both chunks, then 3 and 4 (a last group of 2 >= p).
TEST(ByHand, InterleavedWithALastSmallerGroup) {
  EXPECT_EQ(order({"interleaved-1f1b", 2, 5, 2, 3}),
            "0F0,0F1,0F2,2F0,2F1,2F2,2B0,0F3,2B1,0F4,2B2,2F3,0B0,2F4,0B1,0B2,2B3,2B4,0B3,0B4\n"
            "1F0,1F1,1F2,3F0,3B0,3F1,3B1,3F2,3B2,1F3,1B0,1F4,1B1,3F3,1B2,3F4,3B3,3B4,1B3,1B4\n");
}

// One group a round: m = 6 on p = 4 is max(1, 6 div 4) = 1 round of 6 (PyTorch).
TEST(ByHand, RoundsRuleChoosesTheGroup) {
  ScheduleRequest rounds{"interleaved-1f1b", 4, 6, 2};
  rounds.rule = "rounds";
  EXPECT_EQ(order(rounds), order({"interleaved-1f1b", 4, 6, 2, 6}));
}

TEST(ByHand, ExtraWarmupMovesOneForwardBeforeTheFirstBackward) {
  ScheduleRequest request{"interleaved-1f1b", 2, 2, 2};
  request.extra_warmup = 1;
  EXPECT_EQ(order(request),
            "0F0,0F1,2F0,2F1,2B0,2B1,0B0,0B1\n"
            "1F0,1F1,3F0,3F1,3B0,3B1,1B0,1B1\n");
}

TEST(ByHand, LoopedBfsComesBackTheWayItWent) {
  EXPECT_EQ(order({"looped-bfs", 2, 2, 2}),
            "0F0,0F1,2F0,2F1,2B1,2B0,0B1,0B0\n"
            "1F0,1F1,3F0,3F1,3B1,3B0,1B1,1B0\n");
}

// 1F1B on 2 ranks, 2 micro-batches, F = 2, B = 3, latency 1:
//   rank 0: F0 0-2, F1 2-4,          B0 9-12 (gradient sent at 8), B1 14-17 (sent at 13)
//   rank 1: F0 3-5, B0 5-8, F1 8-10, B1 10-13
TEST(ByHand, LatencyDelaysWhatComesFromAnotherRank) {
  const Result<Schedule> schedule = make_schedule({"1f1b", 2, 2});
  ASSERT_TRUE(schedule);
  ScheduleCosts costs;
  costs.forward = 2, costs.backward = 3, costs.transfer = 1;
  const ScheduleTimes times = evaluate(*schedule, costs);
  using Spans = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(times.spans[0], (Spans{{0, 2}, {2, 4}, {9, 12}, {14, 17}}));
  EXPECT_EQ(times.spans[1], (Spans{{3, 5}, {5, 8}, {8, 10}, {10, 13}}));
  EXPECT_EQ(times.makespan, 17);
  EXPECT_EQ(times.longest_rank_window, 17);
  EXPECT_EQ(times.busy, (std::vector<std::int64_t>{10, 10}));
  EXPECT_EQ(times.idle_inside_window, (std::vector<std::int64_t>{7, 0}));
  EXPECT_EQ(times.peak_in_flight, (std::vector<int>{2, 1}));
  EXPECT_DOUBLE_EQ(times.bubble_ratio, 0.7);  // (17 - 10) / 10
}

// A hop from the last rank back to the first costs a transfer too (loop placement);
// a hop within a rank costs none.
TEST(ByHand, OneRankPaysNoLatencyBetweenItsChunks) {
  const Result<Schedule> schedule = make_schedule({"looped-bfs", 1, 1, 2});
  ASSERT_TRUE(schedule);
  ScheduleCosts costs;
  costs.transfer = 100;
  EXPECT_EQ(evaluate(*schedule, costs).makespan, 6);  // F F B B of 1, 1, 2, 2
}

// Weight gradients on their own: W waits for its I, and holds memory until it is done.
TEST(ByHand, SplitBackwardCountsBothWays) {
  using enum Action::Type;
  Schedule schedule{{"by hand", 1, 2}, Placement::linear, {}};
  schedule.order.edit().push_back({{forward, 0, 0},
                                   {input_gradient, 0, 0},
                                   {forward, 0, 1},
                                   {input_gradient, 0, 1},
                                   {weight_gradient, 0, 0},
                                   {weight_gradient, 0, 1}});
  const ScheduleTimes times = evaluate(schedule, {});
  EXPECT_EQ(times.makespan, 6);
  EXPECT_EQ(times.peak_in_flight, std::vector<int>{1});
  EXPECT_EQ(times.peak_in_flight_weights, std::vector<int>{2});
}

TEST(ByHand, AnOrderThatWaitsForItselfNeverEnds) {
  Schedule schedule{{"by hand", 1, 1}, Placement::linear, {}};
  schedule.order.edit().push_back({{Action::Type::backward, 0, 0}, {Action::Type::forward, 0, 0}});
  EXPECT_EQ(evaluate(schedule, {}).makespan, ScheduleTimes::kNeverEnds);
}

}  // namespace
}  // namespace orrery::models
