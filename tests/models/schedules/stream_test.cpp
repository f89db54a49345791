// Streams of micro-batches without an end: the stretch that repeats is PipeDream's
// order, and what a stage keeps of its weights is what its update rule asks for.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

Schedule schedule_of(const ScheduleRequest& request) {
  const Result<Schedule> schedule = make_schedule(request);
  if (schedule) return *schedule;
  ADD_FAILURE() << to_string(schedule.errors().front());
  return {};
}

// The passes of a rank by their place in the stream, over `steps` steps; those of
// micro-batches before the first are left out.
std::vector<Action> unrolled(const Schedule& stretch, int rank, int steps) {
  std::vector<Action> all;
  for (int step = 0; step < steps; ++step)
    for (Action a : stretch.order[static_cast<std::size_t>(rank)]) {
      a.micro_batch += (step - a.steps_ago) * stretch.request.micro_batches;
      a.steps_ago = 0;
      if (a.micro_batch >= 0) all.push_back(a);
    }
  return all;
}

// F^w (F B)^...: what 1F1B of as many micro-batches does, but for its drain. The warm-up
// forwards have no backwards beside them yet.
TEST(Stream, RepeatsToOneForwardOneBackward) {
  for (int p = 1; p <= 6; ++p)
    for (int m = 1; m <= 9; ++m) {
      const Schedule stretch = repeating_stretch(schedule_of({"pipedream", p, m}));
      const int steps = 2 + 2 * p / m;
      const Schedule whole = schedule_of({"1f1b", p, steps * m});
      for (int r = 0; r < p; ++r) {
        const std::vector<Action> stream = unrolled(stretch, r, steps);
        const std::vector<Action>& order = whole.order[static_cast<std::size_t>(r)];
        ASSERT_LE(stream.size(), order.size());
        EXPECT_TRUE(std::equal(stream.begin(), stream.end(), order.begin())) << "p=" << p << " m=" << m << " r=" << r;
      }
    }
}

// One more in flight here than on the next rank: a micro-batch waits for the way there and back.
TEST(Stream, EachMicroBatchTakesALatencyThereAndBack) {
  for (const ScheduleCosts& c : {ScheduleCosts{1, 1, 1, 0, 2, 3}, ScheduleCosts{10, 12, 8, 3, 20, 26}}) {
    const auto makespan = [&](int m) { return evaluate(schedule_of({"pipedream", 4, m}), c).makespan; };
    EXPECT_EQ(makespan(41) - makespan(40), c.forward + c.backward + 2 * c.transfer);
  }
}

// A forward sees as many updates as backwards are done, and its backward must see the
// same: version max(0, k-(p-r)+1), so p - r versions are alive (arXiv:1806.03377, section 3.3).
TEST(Stream, PipeDreamKeepsTheVersionsThatForwardsInFlightHaveSeen) {
  for (int p = 1; p <= 6; ++p) {
    const Schedule schedule = schedule_of({"pipedream", p, 3});
    for (int r = 0; r < p; ++r) {
      int updates = 0, most = 0;
      std::vector<int> seen;
      for (const Action& a : unrolled(repeating_stretch(schedule), r, 8)) {
        if (a.type == Action::Type::forward) {
          EXPECT_EQ(updates, std::max(0, a.micro_batch - (p - r) + 1));
          seen.push_back(updates);
        } else {
          // Versions from the one that this backward needs to the newest.
          most = std::max(most, updates - seen[static_cast<std::size_t>(a.micro_batch)] + 1);
          ++updates;
        }
      }
      EXPECT_EQ(most, p - r);
      EXPECT_EQ(weight_versions(schedule, r), p - r);
    }
  }
}

// One update a step, taken up a step later: with m >= p the version that step t reads,
// max(0, t-1), is there when the step begins, and at most one newer (arXiv:2006.09503, section 3.1).
TEST(Stream, TwoVersionsAreEnoughForPipeDream2bw) {
  for (int p = 1; p <= 6; ++p)
    for (int m = p; m <= p + 3; ++m) {
      const Schedule schedule = schedule_of({"pipedream-2bw", p, m});
      for (int r = 0; r < p; ++r) {
        int updates = 0;
        for (const Action& a : unrolled(repeating_stretch(schedule), r, 6)) {
          const int version = std::max(0, a.micro_batch / m - 1);
          EXPECT_GE(updates, version);
          EXPECT_LE(updates, version + 1);
          if (a.type == Action::Type::backward && a.micro_batch % m == m - 1) ++updates;
        }
        EXPECT_EQ(weight_versions(schedule, r), 2);
      }
    }
}

}  // namespace
}  // namespace orrery::models
