// Where a rank's time goes: every picosecond of the measured step in one place.
#include <gtest/gtest.h>

#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim {
namespace {

using namespace kit;
constexpr Duration us(std::int64_t n) {
  return Duration::us(n);
}
constexpr RankId kFirst{0}, kSecond{1}, kThird{2};

TEST(Accounting, KernelsAreBusyByCategory) {
  World world;
  Script p;
  p.kernel(p.main, us(3), kCompute);
  p.kernel(p.main, us(4), kHost);
  p.kernel(p.main, us(5), kCompute);
  world.ranks(1, p.done());
  const RankTime time = run(world.workload).ranks[kFirst].time;
  EXPECT_EQ(time.busy[kCompute], us(8));
  EXPECT_EQ(time.busy[kHost], us(4));
  EXPECT_EQ(total(time), us(12));
}

// Main arrives at 5, the other at 30: late until then, busy with the transfer after.
TEST(Accounting, ACollectiveIsLateThenBusy) {
  World world;
  const GroupRole tp = world.group({0, 1});
  for (const std::int64_t t : {5, 30}) {
    Script p;
    p.kernel(p.main, us(t));
    p.all_reduce(p.main, tp, 2000);
    world.ranks(1, p.done());
  }
  const RunResult result = run(world.workload);
  const RankTime& waits = result.ranks[kFirst].time;
  EXPECT_EQ(waits.late[kTp], us(25));
  EXPECT_EQ(waits.busy[kTp], took(*world.planner, 2000));
  EXPECT_EQ(total(result.ranks[kSecond].time.late), Duration());
}

// Main wants the side stream's all-reduce from the start; it runs from 2 to 12.
TEST(Accounting, WaitingForATransferInProgressIsExposed) {
  World world;
  const GroupRole tp = world.groups({{0}});
  Script p;
  p.kernel(p.side, us(2));
  p.wait(p.main, p.all_reduce(p.side, tp, 9000, kDp));
  p.kernel(p.main, us(5));
  world.ranks(1, p.done());
  const RankTime time = run(world.workload).ranks[kFirst].time;
  EXPECT_EQ(time.exposed[kDp], us(10));
  EXPECT_EQ(time.exposed[kCompute], us(2));  // and the kernel before it on that stream
  EXPECT_EQ(total(time), us(17));
}

// Main waits for a stream that itself waits for a third.
TEST(Accounting, AChainOfWaitsIsFollowedToItsEnd) {
  World world;
  Script p;
  const StreamIndex host = p.add_stream("host");
  p.wait(p.side, p.kernel(host, us(7), kHost));
  p.wait(p.main, p.kernel(p.side, us(2), kDp));
  p.kernel(p.main, us(1));
  world.ranks(1, p.done());
  const RankTime time = run(world.workload).ranks[kFirst].time;
  EXPECT_EQ(time.exposed[kHost], us(7));
  EXPECT_EQ(time.exposed[kDp], us(2));
  EXPECT_EQ(time.busy[kCompute], us(1));
}

// Main comes to wait in the middle of a run of the side stream.
TEST(Accounting, AnotherStreamsRunIsExposedByCategoryFromTheWaitOn) {
  World world;
  Script p;
  p.kernel(p.side, us(4), kHost);
  p.kernel(p.side, us(4), kDp);
  p.kernel(p.main, us(3));
  p.wait(p.main, p.last(p.side));
  world.ranks(1, p.done());
  const RankTime time = run(world.workload).ranks[kFirst].time;
  EXPECT_EQ(time.exposed[kHost], us(1));
  EXPECT_EQ(time.exposed[kDp], us(4));
}

// Waiting at a receive: bubble until the sender has come, exposed while it flows.
TEST(Accounting, AReceiveIsABubbleUntilItIsMet) {
  World world;
  const PeerRole next = world.peers({1, -1}), before = world.peers({-1, 0});
  Script sender, receiver;
  sender.kernel(sender.main, us(20));
  sender.send(sender.main, next, 4000);
  receiver.wait(receiver.main, receiver.receive(receiver.side, before, 4000));
  receiver.kernel(receiver.main, us(6));
  world.ranks(1, sender.done());
  world.ranks(1, receiver.done());
  const RunResult result = run(world.workload);
  const RankTime& time = result.ranks[kSecond].time;
  EXPECT_EQ(time.bubble, us(20));
  EXPECT_EQ(time.exposed[kPp], took(*world.planner, 4000));
  EXPECT_EQ(time.busy[kCompute], us(6));
  EXPECT_EQ(result.ranks[kFirst].time.busy[kPp], took(*world.planner, 4000));
}

TEST(Accounting, LateInAGroupAcrossStagesIsABubble) {
  World world;
  const GroupRole embedding = world.group({0, 1}, true);
  for (const std::int64_t t : {5, 30}) {
    Script p;
    p.kernel(p.main, us(t));
    p.all_reduce(p.main, embedding, 2000);
    world.ranks(1, p.done());
  }
  const RankTime time = run(world.workload).ranks[kFirst].time;
  EXPECT_EQ(time.bubble, us(25));
  EXPECT_EQ(total(time.late), Duration());
}

// Ranks 1 and 2 are a TP group; rank 1 waits for the pipeline until 21, computes
// until 30 and comes late to its peer, which came at 4: of the peer's 26, what
// falls in rank 1's bubble is bubble and the rest is the collective's.
TEST(Accounting, WaitingForAPeerThatWaitedForThePipelineIsABubbleToo) {
  World world;
  const PeerRole next = world.peers({1, -1, -1}), before = world.peers({-1, 0, -1});
  const GroupRole tp = world.group({1, 2});
  Script sender, late, waits;
  sender.kernel(sender.main, us(20));
  sender.send(sender.main, next, 0);
  late.receive(late.main, before, 0);
  late.kernel(late.main, us(9));
  late.all_reduce(late.main, tp, 1000);
  waits.kernel(waits.main, us(4));
  waits.all_reduce(waits.main, tp, 1000);
  world.ranks(1, sender.done());
  world.ranks(1, late.done());
  world.ranks(1, waits.done());
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.ranks[kSecond].time.bubble, us(20));
  EXPECT_EQ(result.ranks[kThird].time.bubble, us(16));
  EXPECT_EQ(result.ranks[kThird].time.late[kTp], us(10));  // 1 of latency at the receive and 9 of computing
  EXPECT_EQ(total(result.ranks[kThird].time), result.ranks[kThird].step_end - Time());
}

// The 1F1B law: without communication each stage idles (p-1)(F+B), all of it bubble.
TEST(Accounting, A1F1BPipelineIdlesForItsBubble) {
  constexpr int kStages = 4, kMicroBatches = 8;
  const Duration f = us(10), b = us(20);
  World world;
  world.planner->latency = Duration();
  std::vector<int> next, before;
  for (int s = 0; s < kStages; ++s) {
    next.push_back(s + 1 < kStages ? s + 1 : -1);
    before.push_back(s - 1);
  }
  const PeerRole to_next = world.peers(next), to_before = world.peers(before);
  for (int s = 0; s < kStages; ++s) {
    Script p;
    const bool first = s == 0, last = s == kStages - 1;
    const auto forward = [&] {
      if (!first) p.receive(p.main, to_before, 0, false, 1);
      p.kernel(p.main, f);
      if (!last) p.wait(p.side, p.last(p.main)), p.send(p.side, to_next, 0, false, 1);
    };
    const StreamIndex back = p.add_stream("back");
    const auto backward = [&] {
      if (!last) p.receive(p.main, to_next, 0, false, 2);
      p.kernel(p.main, b);
      if (!first) p.wait(back, p.last(p.main)), p.send(back, to_before, 0, false, 2);
    };
    const int warmup = std::min(kStages - 1 - s, kMicroBatches);
    for (int i = 0; i < warmup; ++i) forward();
    for (int i = warmup; i < kMicroBatches; ++i) forward(), backward();
    for (int i = 0; i < warmup; ++i) backward();
    const GroupRole all = 0;
    if (s == 0) world.group({0, 1, 2, 3}, true);
    p.all_reduce(p.main, all, 0, kDp);  // the step ends for all at once
    world.ranks(1, p.done());
  }
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.step_ends[0], at((f + b) * (kMicroBatches + kStages - 1)));
  for (const RankSummary& rank : result.ranks.distinct()) {
    EXPECT_EQ(rank.time.bubble, (f + b) * (kStages - 1));
    EXPECT_EQ(rank.time.busy[kCompute], (f + b) * kMicroBatches);
  }
}

}  // namespace
}  // namespace orrery::sim
