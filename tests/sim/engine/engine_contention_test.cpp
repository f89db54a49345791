#include <gtest/gtest.h>

#include "sim/network/contention.h"
#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim {
namespace {

using namespace kit;
constexpr Duration us(std::int64_t n) {
  return Duration::us(n);
}

// A kernel whose end has come has no work left, and it never ends early.
TEST(Contention, RoundingNeverLosesWork) {
  for (const std::uint32_t p : {0u, 1u, 53u, 137u, 999u, 4000u})
    for (const std::int64_t work : {0ll, 1ll, 999ll, 1'000'003ll, 86'400'000'000'000'007ll}) {
      EXPECT_GE(work_done(slowed(work, p), p), work);
      EXPECT_LE(work_done(slowed(work, p) - 1, p), work);
    }
}

// A transfer from 0 to 11 us beside kernels that it slows by half.
struct Beside {
  World world;
  GroupRole alone = world.groups({{0}});
  Script p;

  explicit Beside(std::array<std::uint32_t, kKernelClasses> slowdown) {
    world.workload.claims.push_back({"nccl", slowdown});
    world.planner->claims[TransferKind::all_reduce] = 1;
    p.all_reduce(p.side, alone, 10'000);
  }
  Time end() {
    world.ranks(1, p.done());
    return run(world.workload).step_ends[0];
  }
};

// By 11 us the kernel has done 11/1.5 us of its work; the rest runs at full speed.
TEST(Contention, AKernelIsSlowedWhileTheTransferRuns) {
  Beside b({0, 500, 0});
  b.p.kernel(b.p.main, us(30));
  EXPECT_EQ(b.end(), at(us(11) + us(30) - Duration::ps(7'333'333)));
}

TEST(Contention, OnlyItsClassIsSlowed) {
  Beside b({0, 0, 500});
  b.p.kernel(b.p.main, us(30));
  EXPECT_EQ(b.end(), at(us(30)));
}

TEST(Contention, KernelsWithinTheTransferTakeTheirSlowedTime) {
  Beside b({0, 500, 200});
  for (int i = 0; i < 2; ++i) b.p.kernel(b.p.main, us(2));           // 3 us each
  b.p.kernel(b.p.main, us(2), kCompute, KernelClass::memory_bound);  // 2.4 us
  b.p.kernel(b.p.main, us(1), kCompute, KernelClass::unaffected);    // to 9.4 us
  EXPECT_EQ(b.end(), at(Duration::ns(9400)));
}

TEST(Contention, ClaimsAddUp) {
  Beside b({0, 500, 0});
  const StreamIndex third = b.p.add_stream("third");
  b.p.all_reduce(third, b.alone, 10'000);
  b.p.kernel(b.p.main, us(5));
  EXPECT_EQ(b.end(), at(us(10)));
}

// What slows a kernel stays the kernel's: nobody waits.
TEST(Contention, SlownessIsBusyTime) {
  Beside b({0, 500, 0});
  b.p.kernel(b.p.main, us(4));
  b.world.ranks(1, b.p.done());
  const RankTime time = run(b.world.workload).ranks[RankId{0}].time;
  EXPECT_EQ(time.busy[kCompute], us(6));
  EXPECT_EQ(total(time), us(6));
}

// A waiting collective does not run yet: it claims from when all have met.
TEST(Contention, AClaimBeginsWhenTheTransferDoes) {
  World world;
  world.workload.claims.push_back({"nccl", {0, 500, 0}});
  world.planner->claims[TransferKind::all_reduce] = 1;
  const GroupRole both = world.group({0, 1});
  Script early, late;
  early.all_reduce(early.side, both, 10'000);
  early.kernel(early.main, us(20));
  late.kernel(late.side, us(20));
  late.all_reduce(late.side, both, 10'000);
  world.ranks(1, early.done());
  world.ranks(1, late.done());
  EXPECT_EQ(run(world.workload).ranks[RankId{0}].step_end, at(us(20)));
}

}  // namespace
}  // namespace orrery::sim
