#include "sim/engine/engine.h"

#include <gtest/gtest.h>

#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim {
namespace {

using namespace kit;
constexpr Duration us(std::int64_t n) {
  return Duration::us(n);
}

TEST(Engine, KernelsOfAStreamRunOneAfterTheOther) {
  World world;
  Script p;
  p.kernel(p.main, us(3));
  p.kernel(p.main, us(4));
  world.ranks(2, p.done());
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.step_ends, std::vector{at(us(7))});
  EXPECT_EQ(result.ranks[RankId{1}].step_end, at(us(7)));
  EXPECT_EQ(result.ops, 6u);  // a step_end marker is an op, too
  EXPECT_FALSE(result.stuck);
}

TEST(Engine, StreamsRunBesideEachOtherButForWaits) {
  World world;
  Script p;
  const OpRef first = p.kernel(p.side, us(10));
  p.kernel(p.main, us(3));
  p.wait(p.main, first);
  p.kernel(p.main, us(2));
  world.ranks(1, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(us(12)));
}

// A dependency is on the op itself, not on the end of the run that it stands in.
TEST(Engine, AnInnerOpThatIsAwaitedEndsItsRun) {
  World world;
  Script p;
  const OpRef inner = p.kernel(p.main, us(1));
  for (int i = 0; i < 9; ++i) p.kernel(p.main, us(1));
  p.wait(p.side, inner);
  p.kernel(p.side, us(20));
  world.ranks(1, p.done());
  Trace trace;
  RunOptions options;
  options.trace = &trace;
  run(world.workload, options);
  const auto of_side =
      std::find_if(trace.spans().begin(), trace.spans().end(), [](const Span& s) { return s.stream == Script::side; });
  ASSERT_NE(of_side, trace.spans().end());
  EXPECT_EQ(of_side->start, at(us(1)));
}

TEST(Engine, EverySeveralWaitsHold) {
  World world;
  Script p;
  const StreamIndex third = p.add_stream("third");
  const OpRef a = p.kernel(p.side, us(10)), b = p.kernel(third, us(20));
  p.wait(p.main, a);
  p.wait(p.main, b);
  p.kernel(p.main, us(1));
  world.ranks(1, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(us(21)));
}

TEST(Engine, StreamsGoThroughStepsByThemselves) {
  World world;
  world.workload.steps = 5;
  Script p;
  p.kernel(p.side, us(10));
  p.kernel(p.main, us(3));
  world.ranks(1, p.done());
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.step_ends.back(), at(us(15)));  // nothing makes the main stream wait for the side
  EXPECT_EQ(result.step_time(), us(3));
}

// The optimizer of the step before: the first step has nothing to wait for.
TEST(Engine, AWaitOnThePreviousStepHoldsFromTheSecondOn) {
  World world;
  world.workload.steps = 3;
  Script p;
  OpRef gather = p.kernel(p.side, us(10));
  gather.previous_step = true;
  p.wait(p.main, gather);
  p.kernel(p.main, us(3));
  world.ranks(1, p.done());
  const RunResult result = run(world.workload);
  const std::vector<Time> expected = {at(us(3)), at(us(13)), at(us(23))};
  EXPECT_EQ(result.step_ends, expected);
}

TEST(Engine, ACollectiveStartsWhenTheLastHasComeAndEndsForAll) {
  World world;
  const GroupRole tp = world.group({0, 1});
  for (const std::int64_t late : {5, 30}) {
    Script p;
    p.kernel(p.main, us(late));
    p.all_reduce(p.main, tp, 2000);
    world.ranks(1, p.done());
  }
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.ranks[RankId{0}].step_end, at(us(30) + took(*world.planner, 2000)));
  EXPECT_EQ(result.ranks[RankId{1}].step_end, result.ranks[RankId{0}].step_end);
}

TEST(Engine, CollectivesOfAGroupMeetInIssueOrder) {
  World world;
  const GroupRole tp = world.group({0, 1});
  for (const std::int64_t pause : {0, 40}) {
    Script p;
    p.all_reduce(p.main, tp, 1000);
    if (pause > 0) p.kernel(p.main, us(pause));
    p.all_reduce(p.main, tp, 5000);
    world.ranks(1, p.done());
  }
  const Duration expected = took(*world.planner, 1000) + us(40) + took(*world.planner, 5000);
  EXPECT_EQ(run(world.workload).step_ends[0], at(expected));
}

// Each stream has a communicator of its own: the side stream's collective need
// not wait for the one that the main stream has issued before.
TEST(Engine, CollectivesOfOneGroupOnTwoStreamsDoNotMix) {
  World world;
  const GroupRole dp = world.group({0, 1});
  Script first, second;
  first.all_reduce(first.main, dp, 1000);
  first.kernel(first.side, us(5));
  first.all_reduce(first.side, dp, 7000);
  second.kernel(second.main, us(100));
  second.all_reduce(second.main, dp, 1000);
  second.all_reduce(second.side, dp, 7000);
  world.ranks(1, first.done());
  world.ranks(1, second.done());
  Trace trace;
  RunOptions options;
  options.trace = &trace;
  EXPECT_EQ(run(world.workload, options).step_ends[0], at(us(100) + took(*world.planner, 1000)));
  for (const Span& span : trace.spans()) {
    if (span.stream == Script::main) continue;
    EXPECT_LE(span.end, at(us(5) + took(*world.planner, 7000)));
  }
}

TEST(Engine, AGroupOfOneNeedsNobody) {
  World world;
  const GroupRole alone = world.groups({{0}, {1}});
  Script p;
  p.all_reduce(p.main, alone, 1000);
  world.ranks(2, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(took(*world.planner, 1000)));
}

// Once by those who meet, and once to see who has links for himself.
TEST(Engine, PlansAreNotAskedForAgainAndAgain) {
  World world;
  const GroupRole tp = world.group({0, 1});
  Script p;
  for (int i = 0; i < 10; ++i) {
    p.all_reduce(p.main, tp, 1000);
    p.all_reduce(p.main, tp, 3000);
  }
  world.ranks(2, p.done());
  run(world.workload);
  ASSERT_EQ(world.planner->asked.size(), 2u);
  for (const auto& [request, times] : world.planner->asked) EXPECT_LE(times, 2);
}

// Rendezvous: the transfer starts when both are there, both end when it ends.
TEST(Engine, ASendAndItsReceiveMeet) {
  World world;
  const PeerRole next = world.peers({1, -1}), before = world.peers({-1, 0});
  Script sender, receiver;
  sender.send(sender.main, next, 1000);
  sender.kernel(sender.main, us(1));
  receiver.kernel(receiver.main, us(25));
  receiver.receive(receiver.main, before, 1000);
  world.ranks(1, sender.done());
  world.ranks(1, receiver.done());
  const RunResult result = run(world.workload);
  const Duration end = us(25) + took(*world.planner, 1000);
  EXPECT_EQ(result.ranks[RankId{1}].step_end, at(end));
  EXPECT_EQ(result.ranks[RankId{0}].step_end, at(end + us(1)));
}

TEST(Engine, TagsKeepTransfersApart) {
  World world;
  const PeerRole other = world.peers({1, 0});
  Script sender, receiver;
  sender.send(sender.main, other, 1000, false, 1);
  sender.send(sender.side, other, 50'000, false, 2);
  receiver.receive(receiver.side, other, 50'000, false, 2);
  receiver.receive(receiver.main, other, 1000, false, 1);
  world.ranks(1, sender.done());
  world.ranks(1, receiver.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(took(*world.planner, 1000)));
}

// Both send first and receive then: alone that is a deadlock, in a group it is an exchange.
TEST(Engine, AGroupOfSendsAndReceivesStartsAndEndsTogether) {
  World world;
  const PeerRole other = world.peers({1, 0});
  Script p;
  p.send(p.main, other, 1000, true);
  p.receive(p.main, other, 1000);
  world.ranks(2, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(took(*world.planner, 1000)));

  World ungrouped;
  const PeerRole same = ungrouped.peers({1, 0});
  Script q;
  q.send(q.main, same, 1000);
  q.receive(q.main, same, 1000);
  ungrouped.ranks(2, q.done());
  const RunResult result = run(ungrouped.workload);
  ASSERT_TRUE(result.stuck);
  EXPECT_NE(result.stuck->what.find("wait for each other"), std::string::npos) << result.stuck->what;
}

TEST(Engine, AGroupWaitsForAllThatItsMembersWaitFor) {
  World world;
  const PeerRole other = world.peers({1, 0});
  Script p;
  const OpRef slow = p.kernel(p.side, us(50));
  p.send(p.main, other, 1000, true);
  p.wait(p.main, slow);
  p.receive(p.main, other, 1000);
  world.ranks(2, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(us(50) + took(*world.planner, 1000)));
}

// A folded class may be its own neighbour.
TEST(Engine, ARankMaySendToItselfWithinAGroup) {
  World world;
  const PeerRole self = world.peers({0});
  Script p;
  p.send(p.main, self, 1000, true);
  p.receive(p.main, self, 1000);
  world.ranks(1, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(took(*world.planner, 1000)));
}

TEST(Engine, ACopyNeedsNobody) {
  World world;
  Script p;
  p.copy(p.side, {TransferKind::copy, 0, 0, Bytes{9000}}, kHost, p.label("offload"));
  p.wait(p.main, p.last(p.side));
  world.ranks(3, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(took(*world.planner, 9000)));
}

// Two transfers over one link of 1 B/ns get half each until the shorter is done.
TEST(Engine, TransfersOverALinkShareIt) {
  World world;
  world.planner->over_links = true;
  world.planner->latency = Duration();
  world.links(2, BytesPerSecond{1'000'000'000});
  const GroupRole all = world.group({0, 1});
  Script p;
  const StreamIndex third = p.add_stream("third");
  p.all_reduce(p.side, all, 10'000);
  p.all_reduce(third, all, 30'000);
  p.wait(p.main, p.last(p.side));
  p.kernel(p.main, us(0));
  p.wait(p.main, p.last(third));
  world.ranks(2, p.done());
  Trace trace;
  RunOptions options;
  options.trace = &trace;
  const RunResult result = run(world.workload, options);
  EXPECT_EQ(result.step_ends[0], at(us(40)));  // 10 + 10 B shared, then 20 B alone
  EXPECT_EQ(result.links[LinkId{0}].bytes, Bytes{40'000});
  EXPECT_EQ(result.links[LinkId{0}].busy, us(40));
  for (const LinkSample& sample : trace.samples()) EXPECT_LE(sample.load.n, 1'000'000'000);
  EXPECT_EQ(trace.samples().back().load.n, 0);
}

TEST(Engine, WhatIsMeasuredIsTheLastStep) {
  World world;
  world.workload.steps = 4;
  world.planner->over_links = true;
  world.links(2, BytesPerSecond{1'000'000'000});
  const GroupRole all = world.group({0, 1});
  Script p;
  p.all_reduce(p.main, all, 10'000);
  world.ranks(2, p.done());
  const RunResult result = run(world.workload);
  EXPECT_EQ(result.links[LinkId{1}].bytes, Bytes{10'000});
  EXPECT_EQ(result.links[LinkId{1}].busy, us(10));
  EXPECT_EQ(total(result.ranks[RankId{0}].time), took(*world.planner, 10'000));
}

TEST(Engine, AnEmptyTransferTakesItsLatency) {
  World world;
  world.planner->over_links = true;
  world.links(2, BytesPerSecond{1});
  const GroupRole all = world.group({0, 1});
  Script p;
  p.all_reduce(p.main, all, 0);
  world.ranks(2, p.done());
  EXPECT_EQ(run(world.workload).step_ends[0], at(world.planner->latency));
}

TEST(Engine, NothingTakesNoTime) {
  World world;
  world.planner->latency = Duration();
  const GroupRole all = world.group({0, 1});
  Script p;
  p.begin('F', 0);
  p.kernel(p.main, Duration());
  p.all_reduce(p.main, all, 0);
  p.end('F', 0);
  world.ranks(2, p.done());
  const RunResult result = run(world.workload);
  EXPECT_FALSE(result.stuck);
  EXPECT_EQ(result.step_ends[0], Time());
  EXPECT_EQ(run(Workload{}).ranks.size(), 0u);
}

// The digest is of the times of actions: it sees a picosecond, and not a label.
TEST(Engine, TheDigestIsOfTheTimesOfActions) {
  const auto digest = [](Duration first, Duration second, std::string_view name) {
    World world;
    Script p;
    p.begin('F', 0);
    p.ProgramBuilder::kernel(p.main, first, kCompute, KernelClass::compute_bound, p.label(name));
    p.end('F', 0);
    p.kernel(p.main, second);
    world.ranks(1, p.done());
    return run(world.workload).digest;
  };
  EXPECT_EQ(digest(us(2), us(3), "a"), digest(us(2), us(3), "b"));
  EXPECT_NE(digest(us(2), us(3), "a"), digest(us(2) + Duration::ps(1), us(3) - Duration::ps(1), "a"));
}

// An action begins when its first op does, not when its stream came to the marker.
TEST(Engine, AnActionBeginsWhenItsFirstOpDoes) {
  const auto digest = [](bool begin_after_the_wait) {
    World world;
    Script p;
    const OpRef slow = p.kernel(p.side, us(10));
    if (!begin_after_the_wait) p.begin('F', 0);
    p.wait(p.main, slow);
    if (begin_after_the_wait) {
      p.kernel(p.main, us(0));
      p.begin('F', 0);
    }
    p.kernel(p.main, us(1));
    p.end('F', 0);
    world.ranks(1, p.done());
    return run(world.workload).digest;
  };
  EXPECT_EQ(digest(false), digest(true));
}

TEST(Engine, AStuckRunSaysWhoWaitsForWhomAndKeepsItsTrace) {
  World world;
  const GroupRole all = world.group({0, 1});
  Script joins, stays;
  joins.kernel(joins.main, us(5));
  joins.all_reduce(joins.main, all, 1000);
  stays.kernel(stays.main, us(1));
  world.ranks(1, joins.done());
  world.ranks(1, stays.done());
  Trace trace;
  RunOptions options;
  options.trace = &trace;
  const RunResult result = run(world.workload, options);
  ASSERT_TRUE(result.stuck);
  EXPECT_NE(result.stuck->what.find("all-reduce"), std::string::npos) << result.stuck->what;
  EXPECT_NE(result.stuck->what.find("rank 1"), std::string::npos) << result.stuck->what;
  EXPECT_FALSE(trace.spans().empty());
}

TEST(Engine, AStopEndsTheRun) {
  World world;
  Script p;
  world.workload.steps = 100'000;
  p.kernel(p.main, us(1));
  world.ranks(1, p.done());
  const std::atomic<bool> stop = true;
  RunOptions options;
  options.stop = &stop;
  const RunResult result = run(world.workload, options);
  EXPECT_TRUE(result.interrupted);
  EXPECT_FALSE(result.stuck);
}

// Requests come in three times and each makes two kernels: prefill and decode.
class Requests : public OpSource {
 public:
  std::vector<Stream> more(RankId, Time now) override {
    asked.push_back(now);
    if (asked.size() > 3) return {};
    Script p;
    const OpRef prefill = p.kernel(p.side, us(10));
    p.wait(p.main, prefill);
    p.kernel(p.main, us(2));
    return std::move(p).finish().streams.edit();
  }
  std::vector<Time> asked;
};

TEST(Engine, ASourceAppendsUntilItHasNoMore) {
  World world;
  Script p;
  p.kernel(p.main, us(1));
  world.ranks(1, p.done());
  Requests requests;
  const RunResult result = run(world.workload, {}, &requests);
  const std::vector<Time> expected = {at(us(1)), at(us(13)), at(us(25)), at(us(37))};
  EXPECT_EQ(requests.asked, expected);
  EXPECT_EQ(result.step_ends[0], at(us(37)));
  EXPECT_FALSE(result.stuck);
  EXPECT_EQ(total(result.ranks[RankId{0}].time), us(37));
}

TEST(Engine, JitterIsSeededAndIsNoneAtZero) {
  const auto end = [](double deviation, std::uint64_t seed) {
    World world;
    world.workload.jitter = {deviation, seed};
    Script p;
    for (int i = 0; i < 1000; ++i) p.kernel(p.main, us(100));
    world.ranks(1, p.done());
    return run(world.workload).step_ends[0];
  };
  EXPECT_EQ(end(0, 1), at(Duration::ms(100)));
  EXPECT_EQ(end(0.1, 1), end(0.1, 1));
  EXPECT_NE(end(0.1, 1), end(0.1, 2));
  // The mean of 1,000 draws is within five standard deviations: 5 x 0.1 / sqrt(1000) = 1.6 %.
  EXPECT_NEAR(end(0.1, 1).since_start().seconds(), 0.1, 0.0016);
}

}  // namespace
}  // namespace orrery::sim
