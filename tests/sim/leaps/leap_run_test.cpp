// Ranks that leap from transfer to transfer end where the engine has them end: same digest, same
// times, same memory, same links, to the picosecond.
#include "sim/leaps/leap_run.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/sim/random_world.h"
#include "tests/sim/same_run.h"

namespace orrery::sim {
namespace {

using namespace kit;

RunResult run_op_by_op(const Workload& workload) {
  RunOptions options;
  options.coalesce = false;
  return run(workload, options);
}

class RandomLeaps : public ::testing::TestWithParam<int> {};

TEST_P(RandomLeaps, ChangeNoResult) {
  for (int i = 0; i < 100; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * 100 + i);
    SCOPED_TRACE(seed);
    const Workload workload = RandomWorld(seed, seed % 3 == 0, seed % 4 != 0, true).workload();
    const std::optional<RunResult> leapt = leap_run(workload);
    ASSERT_TRUE(leapt);
    expect_equal(*leapt, run_op_by_op(workload));
    if (HasFailure()) return;
  }
}

// Legs are those of an alike program; other times, and other collectives that are kernels, change none of the rest.
TEST_P(RandomLeaps, TakeOverLegsOfAlikePrograms) {
  LeapMemory memory(std::make_shared<ProgramForms>());
  for (int i = 0; i < 20; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * 20 + i);
    SCOPED_TRACE(seed);
    Workload workload = RandomWorld(seed, seed % 2 == 0, seed % 4 != 0, true).workload();
    for (const std::int64_t times : {1, 3}) {
      for (Program& program : workload.programs)
        for (Stream& stream : program.streams.edit())
          for (Op& op : stream.ops)
            if (op.kind == OpKind::kernel) op.payload = op.payload * times + (times - 1);
      const std::optional<RunResult> leapt = leap_run(workload, nullptr, &memory);
      ASSERT_TRUE(leapt);
      expect_equal(*leapt, *leap_run(workload));
    }
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(RandomPrograms, RandomLeaps, ::testing::Range(0, 20));

// What they are for: of a rank's run only the end of a transfer is an event.
TEST(Leaps, GoFromTransferToTransfer) {
  World world;
  Script p;
  for (int i = 0; i < 100; ++i) {
    p.wait(p.side, p.copy(p.main, {TransferKind::copy, 0, 0, Bytes{1000}}, kDp, p.label("copy")));
    const OpRef launched = p.kernel(p.side, Duration::us(5), kHost, KernelClass::unaffected);
    p.kernel(p.main, Duration::us(10));
    p.wait(p.main, launched);
    p.kernel(p.main, Duration::us(10));
  }
  world.ranks(1, p.done());
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.step_time(), 100 * (took(*world.planner, 1000) + Duration::us(20)));
  EXPECT_EQ(result.events, 100u);
}

// A main stream that waits for a host that waits for another: each is exposed while it runs.
TEST(Leaps, ExposeWhatIsWaitedFor) {
  World world;
  Script p;
  const StreamIndex third = p.add_stream("third");
  p.wait(p.side, p.kernel(third, Duration::us(3), kDp, KernelClass::unaffected));
  p.wait(p.main, p.kernel(p.side, Duration::us(5), kHost, KernelClass::unaffected));
  p.kernel(p.main, Duration::us(1));
  world.ranks(1, p.done());
  const std::optional<RunResult> result = leap_run(world.workload);
  ASSERT_TRUE(result);
  const RankTime& time = result->ranks[RankId{0}].time;
  EXPECT_EQ(time.exposed[kDp], Duration::us(3));
  EXPECT_EQ(time.exposed[kHost], Duration::us(5));
  EXPECT_EQ(time.busy[kCompute], Duration::us(1));
  expect_equal(*result, run_op_by_op(world.workload));
}

// Two transfers that want one link share it.
TEST(Leaps, ShareLinks) {
  World world;
  world.links(4, BytesPerSecond{1'000'000'000});
  world.planner->over_links = true;
  const PeerRole next = world.peers({2, -1, -1, -1}), before = world.peers({-1, -1, 0, -1});
  const PeerRole other_next = world.peers({-1, 2, -1, -1}), other_before = world.peers({-1, -1, 1, -1});
  Script a, b, c, d;
  a.send(a.main, next, 10'000);
  b.send(b.main, other_next, 10'000);
  c.receive(c.main, before, 10'000, true);
  c.receive(c.main, other_before, 10'000);
  d.kernel(d.main, Duration::us(1));
  for (Script* script : {&a, &b, &c, &d}) world.ranks(1, script->done());
  const std::optional<RunResult> result = leap_run(world.workload);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->step_time(), world.planner->latency + Duration::us(20));
  EXPECT_EQ(result->links[LinkId{2}].busy, Duration::us(20));
  expect_equal(*result, run_op_by_op(world.workload));
}

// What leaps cannot see is left to the engine.
TEST(Leaps, AreNotForAll) {
  const auto one_rank = [](const auto& write) {
    World world;
    Script p;
    write(p);
    world.ranks(1, p.done());
    return world.workload;
  };
  EXPECT_TRUE(leap_run(one_rank([](Script& p) { p.kernel(p.main, Duration::us(1)); })));
  const Workload copies_beside = one_rank([](Script& p) {
    p.copy(p.side, {TransferKind::copy, 0, 0, Bytes{1000}}, kDp, p.label("copy"));
  });
  EXPECT_FALSE(leap_run(copies_beside));
  EXPECT_FALSE(leap_run(one_rank([](Script& p) { p.allocate(p.side, p.tensor(1000)); })));
  EXPECT_FALSE(leap_run(one_rank([](Script& p) {
    p.kernel(p.main, Duration::ps(std::numeric_limits<std::int64_t>::max() - 1));
    p.kernel(p.main, Duration::us(1));
  })));
  Workload slowed = one_rank([](Script& p) { p.kernel(p.side, Duration::us(1)); });
  EXPECT_TRUE(leap_run(slowed));
  slowed.claims.push_back({"nccl", {0, 100, 100}});
  EXPECT_FALSE(leap_run(slowed));
}

TEST(Leaps, LeaveItToTheEngineToSayWhyNobodyGoesOn) {
  World world;
  const PeerRole next = world.peers({1, -1});
  Script sends, stays;
  sends.send(sends.main, next, 1000);
  stays.kernel(stays.main, Duration::us(1));
  world.ranks(1, sends.done());
  world.ranks(1, stays.done());
  EXPECT_FALSE(leap_run(world.workload));
  ASSERT_TRUE(run(world.workload).stuck);
}

TEST(Leaps, EndWhenToldTo) {
  World world;
  Script p;
  p.copy(p.main, {TransferKind::copy, 0, 0, Bytes{1000}}, kDp, p.label("copy"));
  world.ranks(1, p.done());
  const std::atomic<bool> stop = true;
  EXPECT_FALSE(leap_run(world.workload, &stop));
}

}  // namespace
}  // namespace orrery::sim
