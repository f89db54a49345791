// Calls are the ops of their blocks: written out they are what was there before, and run as
// they are they take as long, to the picosecond, whatever slows them on the way.
#include "sim/calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "sim/check/check.h"
#include "sim/fold/fold.h"
#include "sim/leaps/leap_run.h"
#include "tests/sim/random_world.h"
#include "tests/sim/same_run.h"

namespace orrery::sim {
namespace {

using namespace kit;

// Makes a block of every piece of a main stream that can be one.
class Blocks {
 public:
  // `collectives`: they too go into blocks.
  Blocks(const Program& from, bool collectives) : from_(from), to_(from), collectives_(collectives) {
    awaited_.assign(main().size(), false);
    for (const Stream& stream : from.streams)
      for (const Op& op : stream.ops)
        if (op.waits() && op.after_stream == kMainStream) awaited_[op.after] = true;
  }

  Program make() {
    Stream& to = to_.streams.edit()[kMainStream];
    to = {from_.streams[kMainStream].name, {}, {}};
    std::vector<OpIndex> place(main().size());
    for (OpIndex i = 0; i < main().size();) {
      const OpIndex end = std::max(block_end(i), i + 1);
      std::fill(place.begin() + i, place.begin() + end, static_cast<OpIndex>(to.ops.size()));
      if (end - i > 1)
        call(i, end, to);
      else
        append(main()[i], from_.streams[kMainStream].notes[i], to);
      i = end;
    }
    for (Stream& stream : to_.streams.edit())
      for (Op& op : stream.ops)
        if (op.waits() && op.after_stream == kMainStream) op.after = place[op.after];
    return to_;
  }

 private:
  const std::vector<Op>& main() const { return from_.streams[kMainStream].ops; }
  bool may_be_in(const Op& op) const {
    return !op.waits() && (op.kind == OpKind::kernel || op.kind == OpKind::allocate || op.kind == OpKind::free ||
                           (collectives_ && op.kind == OpKind::collective));
  }
  OpIndex block_end(OpIndex begin) const {
    OpIndex end = begin;
    while (end < main().size() && may_be_in(main()[end]) && (end == begin || !awaited_[end - 1])) ++end;
    return end;
  }
  static void append(const Op& op, const Note& note, Stream& to) {
    to.ops.push_back(op);
    to.notes.push_back(note);
  }
  // Buffers are counted from the middle, so that some are kept and some made.
  void call(OpIndex begin, OpIndex end, Stream& to) {
    const auto middle = static_cast<std::uint32_t>(from_.buffers.size() / 2);
    Block block;
    for (OpIndex i = begin; i < end; ++i) {
      Op op = main()[i];
      if (op.kind == OpKind::allocate || op.kind == OpKind::free)
        op.payload = op.payload >= middle ? op.payload - middle : -1 - op.payload;
      block.ops.push_back(op);
      block.notes.push_back(from_.streams[kMainStream].notes[i]);
    }
    to_.blocks.edit().push_back(std::move(block));
    to_.calls.push_back({static_cast<std::uint32_t>(to_.blocks.size() - 1), middle, 0});
    Op op;
    op.kind = OpKind::call;
    op.payload = static_cast<std::int64_t>(to_.calls.size() - 1);
    append(op, {}, to);
  }

  const Program& from_;
  Program to_;
  bool collectives_;
  std::vector<bool> awaited_;
};

Workload with_calls(Workload workload, bool collectives) {
  for (Program& program : workload.programs) program = Blocks(program, collectives).make();
  return workload;
}

void expect_same_ops(const Program& a, const Program& b) {
  const auto fields = [](const Op& op) {
    return std::tuple(op.kind, op.category, op.flags, op.after_stream, op.after, op.payload);
  };
  for (std::size_t s = 0; s < a.streams.size(); ++s) {
    const std::vector<Op>&x = a.streams[s].ops, &y = b.streams[s].ops;
    ASSERT_EQ(x.size(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(fields(x[i]), fields(y[i])) << i;
  }
}

// A program may have noted a block that it never calls; written out it has neither.
TEST(Calls, ThatAreNotMadeMeetNobody) {
  int met = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Workload workload = RandomWorld(seed).workload();
    const Workload calls = with_calls(workload, true);
    met += calls_meet_others(calls) ? 1 : 0;
    for (std::uint32_t p = 0; p < workload.programs.size(); ++p)
      workload.programs[ProgramId{p}].blocks = calls.programs[ProgramId{p}].blocks;
    EXPECT_FALSE(calls_meet_others(workload)) << seed;
    EXPECT_FALSE(calls_meet_others(written_out(calls))) << seed;
  }
  EXPECT_GT(met, 0);
}

TEST(Calls, WriteOutToWhatTheyStandFor) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Workload workload = RandomWorld(seed).workload(), calls = with_calls(workload, seed % 2 == 0);
    for (std::uint32_t p = 0; p < workload.programs.size(); ++p) {
      const Program &flat = workload.programs[ProgramId{p}], &brief = calls.programs[ProgramId{p}];
      EXPECT_EQ(brief.op_count(), flat.op_count());
      expect_same_ops(written_out(brief), flat);
    }
    EXPECT_TRUE(check(calls).empty());
  }
}

class CallsRun : public ::testing::TestWithParam<int> {};

TEST_P(CallsRun, AsTheOpsOfTheirBlocks) {
  for (int i = 0; i < 50; ++i) {
    SCOPED_TRACE(GetParam() * 1000 + i);
    const bool solo = i % 2 == 0;
    const Workload workload = RandomWorld(static_cast<std::uint64_t>(GetParam() * 1000 + i), solo).workload();
    const RunResult flat = run(workload), brief = run(with_calls(workload, solo));
    ASSERT_FALSE(brief.stuck) << brief.stuck->what;
    expect_equal(brief, flat);
    for (const RankSummary& rank : brief.ranks.distinct())
      EXPECT_EQ(total(rank.time), rank.step_end - rank.previous_step_end);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(RandomPrograms, CallsRun, ::testing::Range(0, 20));

// Of ranks that leap (sim/leaps) a call is a part of a leg.
TEST(Calls, LeapAsTheOpsOfTheirBlocks) {
  RunOptions op_by_op;
  op_by_op.coalesce = false;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const Workload workload = RandomWorld(seed, false, seed % 2 == 0, true).workload();
    const std::optional<RunResult> brief = leap_run(with_calls(workload, false));
    ASSERT_TRUE(brief);
    expect_equal(*brief, run(workload, op_by_op));
    if (HasFailure()) return;
  }
}

// What it is for: a call takes no more events than an op.
TEST(Calls, AreOneEvent) {
  World world;
  Script p;
  for (int i = 0; i < 1000; ++i) p.kernel(p.main, Duration::us(1), i % 2 == 0 ? kTp : kDp);
  world.ranks(1, p.done());
  const Workload brief = with_calls(world.workload, false);
  EXPECT_EQ(brief.programs[ProgramId{0}].streams[kMainStream].ops.size(), 2u);
  RunOptions options;
  options.leap = false;
  const RunResult result = run(brief, options);
  EXPECT_EQ(result.events, 1u);
  EXPECT_EQ(result.ops, 1001u);
  EXPECT_EQ(result.ranks[RankId{0}].time.busy[kTp], 500 * Duration::us(1));
}

// A buffer that the call does not have, a block that is not there, an op that no block may have.
TEST(Calls, AreCheckedBeforeARun) {
  World world;
  Script p;
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t t = p.tensor(100, 0);
    p.allocate(p.main, t);
    p.kernel(p.main, Duration::us(1));
    p.free(p.main, t);
  }
  world.ranks(1, p.done());
  const Workload good = with_calls(world.workload, false);
  ASSERT_TRUE(check(good).empty());
  const auto spoilt = [&](auto&& spoil) {
    Workload bad = good;
    spoil(bad.programs[ProgramId{0}]);
    const Errors errors = check(bad);
    return !errors.empty() && errors.front().what.find("a call is of no block") != std::string::npos;
  };
  EXPECT_TRUE(spoilt([](Program& program) { program.calls[0].block = 1; }));
  EXPECT_TRUE(spoilt([](Program& program) { program.calls[0].made = 1000; }));
  EXPECT_TRUE(spoilt([](Program& program) { program.calls[0].kept = 1000; }));
  EXPECT_TRUE(spoilt([](Program& program) { program.blocks.edit()[0].ops.clear(); }));
  EXPECT_TRUE(spoilt([](Program& program) { program.blocks.edit()[0].ops[1].kind = OpKind::send; }));
  EXPECT_TRUE(spoilt([](Program& program) { program.blocks.edit()[0].ops[1].after_stream = 1; }));
}

}  // namespace
}  // namespace orrery::sim
