#include <gtest/gtest.h>

#include "report/result.h"
#include "sweep/point.h"
#include "tests/report/support.h"

namespace orrery::report {
namespace {

// A sweep's store keeps them under the same names, in the same order.
TEST(TimeParts, AreTheColumnsOfASweep) {
  ASSERT_EQ(TimeParts::all().size(), sweep::kStepParts.size());
  for (std::size_t i = 0; i < sweep::kStepParts.size(); ++i) EXPECT_EQ(TimeParts::all()[i].key, sweep::kStepParts[i]);
}

using testing::at;
using testing::rank_with_step;
using testing::run_of;
using testing::TimeCategory;

TEST(TimeParts, TheMeanOverRanksAddsUpToTheStep) {
  // 1000 ps over three ranks cannot be split evenly: nothing may get lost.
  std::vector<sim::RankSummary> ranks;
  for (int i = 0; i < 3; ++i) {
    sim::RankSummary rank = rank_with_step(Duration::ps(70), Duration::ps(1000));
    at(rank.time.busy, TimeCategory::compute) = Duration::ps(500 + i);
    at(rank.time.exposed, TimeCategory::dp) = Duration::ps(100 - i);
    rank.time.bubble = Duration::ps(400);
    ranks.push_back(rank);
  }
  const TimeParts parts = mean_time(run_of(ranks, Duration::ps(70), Duration::ps(1000)));
  EXPECT_EQ(parts.total(), Duration::ps(1000));
  EXPECT_EQ(parts.compute, Duration::ps(501));
  EXPECT_EQ(parts.exposed_dp, Duration::ps(99));
  EXPECT_EQ(parts.bubble, Duration::ps(400));
  EXPECT_EQ(parts.other, Duration());
}

TEST(TimeParts, WaitingForTheOtherStageIsBubbleAndItsTransferIsExposedPp) {
  sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(60));
  at(rank.time.exposed, TimeCategory::pp) = Duration::ps(10);
  at(rank.time.late, TimeCategory::pp) = Duration::ps(20);
  rank.time.bubble = Duration::ps(30);
  const TimeParts parts = mean_time(run_of({rank}, Duration(), Duration::ps(60)));
  EXPECT_EQ(parts.exposed_pp, Duration::ps(10));
  EXPECT_EQ(parts.bubble, Duration::ps(50));
}

TEST(TimeParts, WaitingForALatePeerOfTheSameStageIsThatCollectivesExposure) {
  sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(60));
  at(rank.time.busy, TimeCategory::tp) = Duration::ps(25);
  at(rank.time.late, TimeCategory::tp) = Duration::ps(35);
  const TimeParts parts = mean_time(run_of({rank}, Duration(), Duration::ps(60)));
  EXPECT_EQ(parts.exposed_tp, Duration::ps(60));
}

TEST(TimeParts, AnIdleTailOfARankIsOther) {
  sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(80));
  at(rank.time.busy, TimeCategory::compute) = Duration::ps(80);
  const TimeParts parts = mean_time(run_of({rank}, Duration(), Duration::ps(100)));
  EXPECT_EQ(parts.other, Duration::ps(20));
  EXPECT_EQ(parts.total(), Duration::ps(100));
}

TEST(TimeParts, ARankWhoseOwnStepIsLongerWaitedForIt) {
  sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(110));
  at(rank.time.busy, TimeCategory::compute) = Duration::ps(80);
  rank.time.bubble = Duration::ps(30);
  const TimeParts parts = mean_time(run_of({rank}, Duration(), Duration::ps(100)));
  EXPECT_EQ(parts.bubble, Duration::ps(20));
  EXPECT_EQ(parts.total(), Duration::ps(100));
}

// Under noise, a mean of steps that ended at other times: no part may fall below nothing.
TEST(TimeParts, WithoutABubbleOtherWaitingIsShorter) {
  sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(110));
  at(rank.time.busy, TimeCategory::compute) = Duration::ps(98);
  at(rank.time.exposed, TimeCategory::dp) = Duration::ps(7);
  at(rank.time.exposed, TimeCategory::tp) = Duration::ps(2);
  rank.time.bubble = Duration::ps(3);
  const TimeParts parts = mean_time(run_of({rank}, Duration(), Duration::ps(99)));
  EXPECT_EQ(parts.bubble, Duration());
  EXPECT_EQ(parts.other, Duration());
  EXPECT_EQ(parts.exposed_dp, Duration());
  EXPECT_EQ(parts.exposed_tp, Duration::ps(1));
  EXPECT_EQ(parts.total(), Duration::ps(99));
}

// Times of all ranks together are more than 64 bits hold: here 2,000 days.
TEST(TimeParts, LongStepsOfManyRanksAreNoOverflow) {
  const Duration day = Duration::us(86'400'000'000);
  sim::RankSummary rank = rank_with_step(Duration(), 20 * day);
  at(rank.time.busy, TimeCategory::compute) = 15 * day;
  rank.time.bubble = 5 * day;
  const TimeParts parts = mean_time(run_of(std::vector(100, rank), Duration(), 20 * day));
  EXPECT_EQ(parts.compute, 15 * day);
  EXPECT_EQ(parts.bubble, 5 * day);
  EXPECT_EQ(parts.other, Duration());
}

// Whatever the engine put somewhere must come out somewhere: one picosecond in
// each place of RankTime, counted again in the parts.
TEST(TimeParts, EveryPlaceOfARanksTimeHasAPart) {
  for (int place = 0; place < 3; ++place) {
    for (int category = 0; category < models::kTimeCategories; ++category) {
      sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(7));
      auto& list = place == 0 ? rank.time.busy : place == 1 ? rank.time.exposed : rank.time.late;
      at(list, static_cast<TimeCategory>(category)) = Duration::ps(7);
      EXPECT_EQ(mean_time(run_of({rank}, Duration(), Duration::ps(7))).total(), Duration::ps(7))
          << "place " << place << ", category " << category;
    }
  }
}

}  // namespace
}  // namespace orrery::report
