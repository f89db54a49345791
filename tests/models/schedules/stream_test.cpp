// Streams of micro-batches without an end: the stretch that repeats is PipeDream's
// order, and what a stage keeps of its weights is what its update rule asks for.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

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

Schedule replicated(const std::vector<int>& replicas, int micro_batches) {
  ScheduleRequest request{"pipedream", static_cast<int>(replicas.size()), micro_batches};
  request.replicas = replicas;
  return schedule_of(request);
}

// Stages with as many replicas each are as many pipelines, each with every so-manieth micro-batch.
TEST(Stream, EqualReplicasAreSeparatePipelines) {
  for (const int n : {1, 2, 3})
    for (int p = 1; p <= 4; ++p) {
      const Schedule one = repeating_stretch(schedule_of({"pipedream", p, 4}));
      const Schedule all = repeating_stretch(replicated(std::vector<int>(static_cast<std::size_t>(p), n), 4 * n));
      ASSERT_EQ(all.order.size(), static_cast<std::size_t>(p * n));
      for (std::size_t list = 0; list < all.order.size(); ++list) {
        std::vector<Action> order = all.order[list];
        for (Action& a : order) a.micro_batch = (a.micro_batch - static_cast<int>(list) % n) / n;
        EXPECT_EQ(order, one.order[list / static_cast<std::size_t>(n)]) << "p=" << p << " n=" << n;
      }
    }
}

// Each micro-batch passes every stage once, on the replica whose turn it is; nothing waits for itself, in any round.
// NOAM of the paper's section 3.2: VGG-16's 15-1 admits two.
TEST(Stream, MicroBatchesGoRoundAmongReplicas) {
  const std::vector<std::vector<int>> shapes = {{15, 1}, {1, 3}, {2, 3}, {3, 2, 1}, {2, 1, 3}, {4, 3, 1, 2}, {1, 1, 5}};
  for (const std::vector<int>& replicas : shapes) {
    const Schedule schedule = replicated(replicas, 60);
    EXPECT_NE(evaluate(schedule, ScheduleCosts{}).makespan, ScheduleTimes::kNeverEnds);
    std::size_t list = 0;
    for (std::size_t s = 0; s < replicas.size(); ++s)
      for (int q = 0; q < replicas[s]; ++q, ++list) {
        EXPECT_EQ(schedule.order[list].size(), 2u * 60 / static_cast<unsigned>(replicas[s]));
        for (const Action& a : schedule.order[list]) {
          EXPECT_EQ(a.stage, static_cast<int>(s));
          EXPECT_EQ(a.micro_batch % replicas[s], q);
        }
      }
    EXPECT_EQ(list, schedule.order.size());
  }
  const Schedule vgg = replicated({15, 1}, 15);
  EXPECT_EQ(weight_versions(vgg, 0), 2);
  EXPECT_EQ(weight_versions(vgg, 1), 1);
  EXPECT_EQ(carried_over(vgg, 0), 1);
}

// A gradient is needed in the step of the stream in which it is sent, or in the next one; an activation in the same.
// What is received ahead of a step rests on that (models/compile/pipeline/pipeline_transfers).
TEST(Stream, WhatReplicasSendIsNeededInThisStepOrTheNext) {
  const auto steps_ago = [](const Schedule& s, int stage, Action::Type type, int k) {
    const int replica = k % s.replicas_of(stage);
    const auto& order = s.order[s.list_of(stage) + static_cast<std::size_t>(replica)];
    return std::find_if(order.begin(), order.end(),
                        [&](const Action& a) { return a.type == type && a.micro_batch == k; })
        ->steps_ago;
  };
  for (int code = 0; code < 5 * 5 * 5; ++code) {
    const std::vector<int> replicas = {1 + code % 5, 1 + code / 5 % 5, 1 + code / 25};
    for (const int rounds : {1, 2}) {
      const int m = std::lcm(std::lcm(replicas[0], replicas[1]), replicas[2]) * rounds;
      const Schedule stretch = repeating_stretch(replicated(replicas, m));
      for (const int stage : {0, 1})
        for (int k = 0; k < m; ++k) {
          const auto between = [&](Action::Type type, int from, int to) {
            return steps_ago(stretch, to, type, k) - steps_ago(stretch, from, type, k);
          };
          const int later = between(Action::Type::backward, stage + 1, stage);
          EXPECT_TRUE(later == 0 || later == 1) << code << ' ' << m << ' ' << k;
          EXPECT_EQ(between(Action::Type::forward, stage, stage + 1), 0);
        }
    }
  }
}

// A round of micro-batches takes as long as the stage whose replicas have most to do.
TEST(Stream, ReplicasShareTheWorkOfTheirStage) {
  const auto round = [](const std::vector<int>& replicas, const std::vector<ScheduleCosts>& costs, int n) {
    const auto makespan = [&](int m) { return evaluate_by_stage(replicated(replicas, m), costs).makespan; };
    return makespan(21 * n) - makespan(20 * n);
  };
  const ScheduleCosts ten{10, 10, 10, 0, 20, 30}, one{1, 1, 1, 0, 2, 3};
  EXPECT_EQ(round({10, 1}, {ten, one}, 10), 30);
  EXPECT_EQ(round({5, 1}, {ten, one}, 5), 30);
  EXPECT_EQ(round({15, 1}, {ten, one}, 15), 45);  // the last stage is the slower one
  EXPECT_EQ(round({3, 2}, {ten, ten}, 6), 90);
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
