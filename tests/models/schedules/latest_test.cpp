// The order that was asked for last is made once.
#include <gtest/gtest.h>

#include <fstream>

#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

TEST(LatestSchedule, IsMadeOnce) {
  LatestSchedule latest;
  const ScheduleRequest request{"1f1b", 4, 8};
  const Schedule first = latest.make(request).value();
  EXPECT_EQ(latest.make(request)->order.data(), first.order.data());
  EXPECT_TRUE(first.order == make_schedule(request)->order);
}

TEST(LatestSchedule, IsAnotherOfAnotherRequest) {
  LatestSchedule latest;
  ScheduleRequest request{"zb-h1", 4, 8};
  const Schedule first = latest.make(request).value();
  for (int* const size : {&request.micro_batches, &request.ranks}) {
    ++*size;
    EXPECT_TRUE(latest.make(request)->order == make_schedule(request)->order);
    EXPECT_FALSE(latest.make(request)->order == first.order);
  }
  ScheduleRequest of_other_costs{"zb-auto", 4, 8};
  for (const std::int64_t backward : {2, 40}) {
    of_other_costs.costs = {{1, backward, 1, 3, backward + 1, 3}};
    EXPECT_TRUE(latest.make(of_other_costs)->order == make_schedule(of_other_costs)->order);
  }
}

TEST(LatestSchedule, IsNoneWhereThereIsNone) {
  LatestSchedule latest;
  ASSERT_TRUE(latest.make({"1f1b", 4, 8}));
  EXPECT_FALSE(latest.make({"interleaved-1f1b", 4, 7, 2}));
  EXPECT_TRUE(latest.make({"1f1b", 4, 8}));
}

// It may have been written anew.
TEST(LatestSchedule, OfAFileIsReadEachTime) {
  LatestSchedule latest;
  const std::string file = ::testing::TempDir() + "latest_schedule.csv";
  const ScheduleRequest request{file, 1, 2};
  std::ofstream(file) << "0F0,0B0,0F1,0B1\n";
  const Schedule first = latest.make(request).value();
  std::ofstream(file) << "0F0,0F1,0B0,0B1\n";
  EXPECT_FALSE(latest.make(request)->order == first.order);
}

}  // namespace
}  // namespace orrery::models
