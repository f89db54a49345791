// Coalescing is exact: with it and without, a run has the same digest, the same
// times, the same memory and the same spans, to the picosecond.
#include "sim/coalesce/coalesce.h"

#include <gtest/gtest.h>

#include "sim/coalesce/solo/solo_streams.h"
#include "tests/sim/random_world.h"
#include "tests/sim/same_run.h"

namespace orrery::sim {
namespace {

using namespace kit;

RunResult run(const Workload& workload, bool coalesce, Trace* trace = nullptr) {
  RunOptions options;
  options.coalesce = coalesce;
  options.leap = false;
  options.trace = trace;
  return sim::run(workload, options);
}

// By (rank, stream): order of arrival among streams may differ, what happened may not.
std::vector<Span> sorted(const Trace& trace) {
  std::vector<Span> spans = trace.spans();
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return std::tuple(a.rank, a.stream, a.step) < std::tuple(b.rank, b.stream, b.step);
  });
  return spans;
}

void expect_equal_spans(const std::vector<Span>& a, const std::vector<Span>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(std::tuple(a[i].rank, a[i].stream, a[i].op, a[i].start, a[i].met, a[i].end),
              std::tuple(b[i].rank, b[i].stream, b[i].op, b[i].start, b[i].met, b[i].end))
        << "rank " << a[i].rank.value << " stream " << int{a[i].stream} << " op " << a[i].op;
}

// Events that a run saves without a trace, for which each op and each transfer is looked at; results are the same.
std::uint64_t events_saved(const Workload& workload) {
  Trace trace;
  const RunResult looked_at = run(workload, true, &trace), by_itself = run(workload, true);
  EXPECT_FALSE(by_itself.stuck);
  EXPECT_LE(by_itself.events, looked_at.events);
  expect_equal(by_itself, looked_at);
  return looked_at.events - by_itself.events;
}

// With a trace every phase goes through the network; without one, those that are
// alone on their links do not, and where claims slow nobody, collectives begin when they end.
TEST(Shortcuts, ChangeNoResult) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const bool claims_matter : {true, false}) {
      SCOPED_TRACE(seed);
      Workload workload = RandomWorld(seed).workload();
      if (!claims_matter)
        for (Claim& claim : workload.claims) claim.slowdown_permille = {};
      events_saved(workload);
      if (HasFailure()) return;
    }
  }
}

// With a trace each op of a host is looked at; without one it runs ahead, and what waits for it may know before it
// starts.
TEST(Hosts, ThatRunAheadChangeNoResult) {
  std::uint64_t fewer = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    fewer += events_saved(RandomWorld(seed, seed % 2 == 0, true).workload());
    if (HasFailure()) return;
  }
  EXPECT_GT(fewer, 1000u);
}

// A host that launches while the device is busy has no events, and waits for it do not cut runs.
TEST(Hosts, ThatRunAheadCostNoEvents) {
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
  const RunResult result = run(world.workload, true);
  EXPECT_EQ(result.step_time(), 100 * (took(*world.planner, 1000) + Duration::us(20)));
  EXPECT_EQ(result.events, 201u);  // a copy and a run each, and the host's end
}

// The host waits, behind its run, for what never comes, and nobody for the host.
TEST(Hosts, ThatRunAheadAreToldOfWhenStuck) {
  World world;
  const GroupRole both = world.group({0, 1});
  const PeerRole other = world.peers({1, 0});
  Script p;
  p.wait(p.side, p.all_reduce(p.main, both, 1000));
  p.kernel(p.side, Duration::us(5), kHost, KernelClass::unaffected);
  p.wait(p.side, p.receive(p.main, other, 1000));  // never sent
  p.kernel(p.side, Duration::us(5), kHost, KernelClass::unaffected);
  world.ranks(2, p.done());
  const RunResult with = run(world.workload, true), without = run(world.workload, false);
  ASSERT_TRUE(with.stuck && without.stuck);
  EXPECT_EQ(with.stuck->what, without.stuck->what);
  EXPECT_EQ(with.ops, without.ops);
}

class Coalescing : public ::testing::TestWithParam<int> {};

TEST_P(Coalescing, ChangesNoResult) {
  for (int i = 0; i < 50; ++i) {
    SCOPED_TRACE(GetParam() * 1000 + i);
    const RandomWorld world(static_cast<std::uint64_t>(GetParam() * 1000 + i));
    Trace trace_with, trace_without;
    const RunResult with = run(world.workload(), true, &trace_with),
                    without = run(world.workload(), false, &trace_without);
    ASSERT_FALSE(with.stuck) << with.stuck->what;
    EXPECT_LE(with.events, without.events);
    expect_equal(with, without);
    for (const RankSummary& rank : with.ranks.distinct())
      EXPECT_EQ(total(rank.time), rank.step_end - rank.previous_step_end);
    expect_equal_spans(sorted(trace_with), sorted(trace_without));
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(RandomPrograms, Coalescing, ::testing::Range(0, 20));

// Collectives of one rank over links of its own, on main streams and beside them: with
// a trace they are transfers (engine.cpp), without one those that nobody meets are kernels.
TEST(SoloCollectives, ChangeNoResult) {
  std::uint64_t fewer = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    fewer += events_saved(RandomWorld(seed, true).workload());
    if (HasFailure()) return;
  }
  EXPECT_GT(fewer, 500u);
}

// A main stream of collectives that only it loads links with is one run of kernels.
TEST(SoloCollectives, AreOneEventWithTheKernelsAround) {
  World world;
  world.links(1, BytesPerSecond{1'000'000'000});
  world.planner->over_links = true;
  const GroupRole own = world.group({0});
  Script p;
  for (int i = 0; i < 100; ++i) {
    p.kernel(p.main, Duration::us(1));
    p.all_reduce(p.main, own, 1000);
  }
  world.ranks(1, p.done());
  const RunResult result = run(world.workload, true);
  EXPECT_EQ(result.events, 1u);
  EXPECT_EQ(result.step_time(), 100 * (Duration::us(1) + took(*world.planner, 1000)));
  EXPECT_EQ(result.ranks[RankId{0}].time.busy[kTp], 100 * took(*world.planner, 1000));
  EXPECT_EQ(result.links[LinkId{0}].bytes, Bytes{100'000});
  EXPECT_EQ(result.links[LinkId{0}].busy, Duration::us(100));
}

// Of a side stream: what the main stream may do while it is in progress is no kernel.
TEST(SoloCollectives, MeetThoseOfOtherStreamsBetweenTheirWaits) {
  World world;
  world.links(1, BytesPerSecond{1'000'000'000});
  world.planner->over_links = true;
  const GroupRole own = world.group({0});
  Script p;
  const OpRef before = p.all_reduce(p.main, own, 1000);  // over when the side's begins
  p.wait(p.side, before);
  const OpRef side = p.all_reduce(p.side, own, 5000);
  p.all_reduce(p.main, own, 1000);  // beside it
  p.wait(p.main, side);
  p.all_reduce(p.main, own, 1000);  // behind it
  world.ranks(1, p.done());
  const Speeds speeds(world.workload.claims);
  const FlowNet network(world.workload.links);
  const SoloCollectives solo(world.workload, speeds, network, SoloCollectives::uses_of(world.workload));
  const SoloStreams streams(world.workload, solo);
  std::vector<OpKind> kinds;
  for (const Op& op : streams.main_stream(ProgramId{0})) kinds.push_back(op.kind);
  EXPECT_EQ(kinds, (std::vector{OpKind::kernel, OpKind::collective, OpKind::kernel, OpKind::marker}));
}

Block block_of(std::int64_t cost) {
  return {{{.kind = OpKind::kernel, .payload = cost}, {.kind = OpKind::collective, .category = kTp}}, {}};
}

TEST(EqualBlocks, ArePreparedOnce) {
  const std::vector<Block> blocks = {block_of(5), block_of(6), block_of(5)};
  FlatBlocks flat;
  const Speeds speeds({});
  EXPECT_EQ(&flat.of(blocks[0].ops, speeds), &flat.of(blocks[2].ops, speeds));
  EXPECT_NE(&flat.of(blocks[0].ops, speeds), &flat.of(blocks[1].ops, speeds));
}

// Where their collectives take as long.
TEST(EqualBlocks, HaveTheirCollectivesMadeKernelsOnce) {
  const std::vector<Block> blocks = {block_of(5), block_of(6), block_of(5)};
  const std::vector<Duration> time = {Duration::us(1)}, longer = {Duration::us(2)}, not_alone = {Duration::ps(-1)};
  SoloBlocks solo;
  const SoloBlock* const first = solo.of(blocks[0], time);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->ops[1].kind, OpKind::kernel);
  EXPECT_EQ(first->ops[1].payload, Duration::us(1).count_ps());
  EXPECT_EQ(solo.of(blocks[2], time), first);
  EXPECT_NE(solo.of(blocks[1], time), first);
  EXPECT_NE(solo.of(blocks[2], longer), first);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(solo.of(blocks[0], not_alone), nullptr);
}

// Of one program a block has the fifth transfer; the other program has but one.
TEST(EqualBlocks, AreOfProgramsWithTransfersOfTheirOwn) {
  Block fifth = block_of(5);
  fifth.ops[1].payload = 4;
  const Block first = block_of(5);
  const std::vector<Duration> five(5, Duration::us(1)), one(1, Duration::us(1));
  SoloBlocks solo;
  ASSERT_TRUE(solo.of(fifth, five));
  const SoloBlock* const made = solo.of(first, one);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->from, &first);
}

// What it is for: a thousand kernels that nobody looks into are one event.
TEST(Coalesce, ARunOfKernelsIsOneEvent) {
  World world;
  Script p;
  for (int i = 0; i < 1000; ++i) p.kernel(p.main, Duration::us(1), i % 2 ? kCompute : kHost);
  world.ranks(1, p.done());
  const RunResult result = run(world.workload, true);
  EXPECT_EQ(result.events, 1u);
  EXPECT_EQ(result.ops, 1001u);
  EXPECT_EQ(run(world.workload, false).events, 1000u);
  EXPECT_EQ(result.ranks[RankId{0}].time.busy[kHost], Duration::us(500));
}

TEST(Coalesce, RunsEndAtWaitsAtTransfersAndBehindAwaitedOps) {
  World world;
  const GroupRole all = world.group({0});
  Script p;
  for (int i = 0; i < 3; ++i) p.kernel(p.main, Duration::us(1));  // ops 0-2, of which 1 is awaited
  p.wait(p.side, {Script::main, 1, false});
  const OpRef side = p.kernel(p.side, Duration::us(1));
  p.wait(p.main, side);
  p.kernel(p.main, Duration::us(1));  // 3 waits
  p.all_reduce(p.main, all, 1);       // 4
  p.kernel(p.main, Duration::us(1));  // 5
  const Program program = p.done();   // 6 is the marker
  const std::vector<std::span<const Op>> streams{program.streams[0].ops, program.streams[1].ops};
  const FlatProgram flat(program, streams, Speeds({}), false);
  const std::vector<OpIndex> expected = {2, 2, 3, 4, 5, 7, 7};
  std::vector<OpIndex> run_end;
  for (OpIndex i = 0; i < flat.streams[0].size(); ++i) run_end.push_back(flat.streams[0].ahead[i].run_end);
  EXPECT_EQ(run_end, expected);
}

}  // namespace
}  // namespace orrery::sim
