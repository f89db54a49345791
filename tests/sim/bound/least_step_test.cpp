#include "sim/bound/least_step.h"

#include <gtest/gtest.h>

#include "sim/engine/engine.h"
#include "tests/sim/random_world.h"

namespace orrery::sim {
namespace {

using kit::RandomWorld;
using kit::Script;
using kit::World;

TEST(LeastStep, IsNeverAboveTheStep) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const RandomWorld world(seed, seed % 4 == 0);
    const RunResult result = run(world.workload());
    ASSERT_FALSE(result.stuck) << seed;
    const Duration least = least_step(world.workload());
    EXPECT_LE(least, result.step_time()) << seed;
    EXPECT_GT(least, Duration()) << seed;
  }
}

// Two stages of three micro-batches, 10 us forward and 20 us backward, that then agree and update
// (5 us). A transfer of 1,000 bytes takes 2 us, an agreement 1 us and 4 ns.
Workload pipeline(bool agrees) {
  World world;
  world.workload.steps = 3;
  const GroupRole both = world.group({0, 1}, true);
  const PeerRole next = world.peers({1, -1}), before = world.peers({-1, 0});
  const auto stage = [&](bool first) {
    Script p;
    const auto forward = [&] {
      if (!first) p.receive(p.main, before, 1000, false, 0);
      p.kernel(p.main, Duration::us(10));
      if (!first) return;
      p.wait(p.side, p.last(p.main));
      p.send(p.side, next, 1000, false, 0);
    };
    const auto backward = [&] {
      if (first) p.receive(p.main, next, 1000, false, 1);
      p.kernel(p.main, Duration::us(20));
      if (!first) p.send(p.main, before, 1000, false, 1);
    };
    if (first) forward();
    for (int m = 0; m < 3; ++m) {
      if (!first || m < 2) forward();
      backward();
    }
    if (agrees) p.all_reduce(p.main, both, 4);
    p.kernel(p.main, Duration::us(5));
    return p.done();
  };
  world.ranks(1, stage(true));
  world.ranks(1, stage(false));
  return world.workload;
}

// The meeting ties the stages together: fill and drain both count.
TEST(LeastStep, CountsTheBubbleOfStagesThatAgree) {
  const Workload workload = pipeline(true);
  const Duration slots = Duration::us(4 * 30), transfers = 2 * Duration::us(2);
  EXPECT_GE(least_step(workload) + Duration::ns(1), slots + transfers + Duration::ns(1004) + Duration::us(5));
  // But for the picoseconds that slowed kernels may lose to rounding.
  EXPECT_LE(least_step(workload), run(workload).step_time());
  EXPECT_GE(least_step(workload) + Duration::ns(1), run(workload).step_time());
}

// Without one, the first stage may be ahead by what it takes to fill the pipeline.
TEST(LeastStep, LetsStagesThatNeverMeetBeAhead) {
  const Workload workload = pipeline(false);
  EXPECT_LT(least_step(workload), least_step(pipeline(true)));
  EXPECT_GE(least_step(workload), Duration::us(3 * 30 + 5));
  EXPECT_FALSE(run(workload).stuck);
  EXPECT_LE(least_step(workload), run(workload).step_time());
}

// What runs on beside the next step is no part of this one.
TEST(LeastStep, EndsWithTheMainStream) {
  World world;
  world.workload.steps = 2;
  const GroupRole both = world.group({0, 1});
  Script p;
  p.kernel(p.main, Duration::us(10));
  p.wait(p.side, p.last(p.main));
  p.all_reduce(p.side, both, 5000);
  world.ranks(2, p.done());
  EXPECT_EQ(run(world.workload).step_time(), Duration::us(10));
  EXPECT_EQ(least_step(world.workload), Duration::us(10));
}

TEST(LeastStep, KnowsNothingOfNoise) {
  Workload workload = pipeline(true);
  workload.jitter.compute = 0.1;
  EXPECT_EQ(least_step(workload), Duration());
}

}  // namespace
}  // namespace orrery::sim
