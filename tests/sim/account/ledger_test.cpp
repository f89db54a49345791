#include "sim/account/ledger.h"

#include <gtest/gtest.h>

#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim {
namespace {

using namespace kit;
constexpr std::uint8_t kParameters = 0, kActivations = 1;
constexpr Duration us(std::int64_t n) {
  return Duration::us(n);
}

RankMemory memory_of(Script p, int steps = 1) {
  World world;
  world.workload.steps = steps;
  world.ranks(1, p.done());
  return run(world.workload).ranks[RankId{0}].memory;
}

TEST(Ledger, ThePeakIsWhereTheMostIsHeld) {
  Script p;
  const std::uint32_t weights = p.tensor(100, kParameters), a = p.tensor(30), b = p.tensor(50);
  p.allocate(p.main, weights);
  p.kernel(p.main, us(1));
  p.allocate(p.main, a);
  p.kernel(p.main, us(1));
  p.free(p.main, a);
  const OpRef peak = p.allocate(p.main, b);
  p.kernel(p.main, us(1));
  p.free(p.main, b);
  p.free(p.main, weights);
  const RankMemory memory = memory_of(std::move(p));
  EXPECT_EQ(memory.peak, Bytes{150});
  EXPECT_EQ(memory.by_cause[kParameters], Bytes{100});
  EXPECT_EQ(memory.by_cause[kActivations], Bytes{50});
  EXPECT_EQ(memory.when, at(us(2)));
  EXPECT_EQ(memory.op, peak.op);
}

TEST(Ledger, ResidentBuffersAreThereFromTheStart) {
  Script p;
  p.resident(p.tensor(1000, kParameters));
  p.kernel(p.main, us(1));
  const std::uint32_t a = p.tensor(30);
  Script empty = p;
  p.allocate(p.main, a);
  p.free(p.main, a);
  EXPECT_EQ(memory_of(std::move(p)).peak, Bytes{1030});
  const RankMemory at_rest = memory_of(std::move(empty));
  EXPECT_EQ(at_rest.peak, Bytes{1000});
  EXPECT_EQ(at_rest.by_cause[kParameters], Bytes{1000});
  EXPECT_EQ(at_rest.when, Time());
}

// Of equal levels the first is the peak, as an allocator would have grown there.
TEST(Ledger, OfEqualPeaksTheFirstCounts) {
  Script p;
  const std::uint32_t a = p.tensor(30);
  for (int i = 0; i < 3; ++i) {
    p.allocate(p.main, a);
    p.kernel(p.main, us(5));
    p.free(p.main, a);
  }
  EXPECT_EQ(memory_of(std::move(p), 3).when, Time());
}

// What a step leaves behind adds up: the peak is in the last step.
TEST(Ledger, ALeakGrowsFromStepToStep) {
  Script p;
  const std::uint32_t lost = p.tensor(10, kParameters), a = p.tensor(100);
  p.allocate(p.main, a);
  p.kernel(p.main, us(1));
  p.free(p.main, a);
  p.allocate(p.main, lost);
  const RankMemory memory = memory_of(std::move(p), 4);
  EXPECT_EQ(memory.peak, Bytes{130});
  EXPECT_EQ(memory.by_cause[kParameters], Bytes{30});
  EXPECT_EQ(memory.when, at(us(3)));
}

// The same allocations on one stream (levels known beforehand) and with a stray one on
// another stream (counted as time passes) give the same peak.
TEST(Ledger, CountingAndKnowingBeforehandAgree) {
  for (int steps = 1; steps <= 3; ++steps) {
    RankMemory of[2];
    for (const bool stray : {false, true}) {
      Script p;
      std::vector<std::uint32_t> held;
      for (std::int64_t i = 0; i < 40; ++i) {
        held.push_back(p.tensor(1 + (i * 7919) % 101, static_cast<std::uint8_t>(i % 2)));
        p.allocate(p.main, held.back());
        p.kernel(p.main, us(1));
        if (i % 3 == 2) {
          p.free(p.main, held.front());
          held.erase(held.begin());
        }
      }
      if (stray) p.allocate(p.side, p.tensor(0));
      of[stray] = memory_of(std::move(p), steps);
    }
    EXPECT_EQ(of[0].peak, of[1].peak);
    EXPECT_EQ(of[0].by_cause, of[1].by_cause);
    EXPECT_EQ(of[0].when, of[1].when);
    EXPECT_EQ(of[0].op, of[1].op);
  }
}

}  // namespace
}  // namespace orrery::sim
