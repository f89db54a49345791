#include "sim/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace orrery::sim {
namespace {

constexpr Category kCompute = 0;

class ProgramBuilderTest : public ::testing::Test {
 protected:
  OpRef kernel(StreamIndex stream) {
    return b.kernel(stream, Duration::us(1), kCompute, KernelClass::compute_bound, b.label("k"));
  }

  ProgramBuilder b{"test"};
  StreamIndex main = b.add_stream("main"), side = b.add_stream("side"), third = b.add_stream("third");
};

TEST_F(ProgramBuilderTest, ARefSaysWhereItsOpStands) {
  kernel(main);
  const OpRef second = kernel(main);
  EXPECT_EQ(second.stream, main);
  EXPECT_EQ(second.op, 1u);
  EXPECT_EQ(b.last(main).op, 1u);
  EXPECT_TRUE(b.last(side).is_none());
}

// An op carries one dependency; each further one stands before it as a wait.
TEST_F(ProgramBuilderTest, WaitsBeyondTheFirstBecomeOps) {
  const OpRef a = kernel(main), c = kernel(third);
  b.wait(side, a);
  b.wait(side, c);
  const OpRef k = kernel(side);
  const Program p = std::move(b).finish();
  ASSERT_EQ(k.op, 1u);
  ASSERT_EQ(p.streams[side].ops.size(), 2u);
  EXPECT_EQ(p.streams[side].ops[0].kind, OpKind::wait);
  EXPECT_EQ(p.streams[side].ops[0].after_stream, main);
  EXPECT_EQ(p.streams[side].ops[1].kind, OpKind::kernel);
  EXPECT_EQ(p.streams[side].ops[1].after_stream, third);
  EXPECT_EQ(p.streams[side].notes.size(), p.streams[side].ops.size());
}

TEST_F(ProgramBuilderTest, OrderWithinAStreamNeedsNoWait) {
  const OpRef a = kernel(main);
  b.wait(main, a);
  b.wait(main, OpRef::none());
  const OpRef k = kernel(main);
  EXPECT_FALSE(b.program().streams[main].ops[k.op].waits());
}

TEST_F(ProgramBuilderTest, OfTwoWaitsOnOneStreamTheLaterOneSaysBoth) {
  OpRef before = kernel(main);
  before.previous_step = true;
  const OpRef first = kernel(main), second = kernel(main);
  b.wait(side, second);
  b.wait(side, first);
  b.wait(side, before);
  const OpRef k = kernel(side);
  ASSERT_EQ(k.op, 0u);
  EXPECT_EQ(b.program().streams[side].ops[0].after, second.op);
  EXPECT_FALSE(b.program().streams[side].ops[0].on_previous_step());
}

TEST_F(ProgramBuilderTest, AWaitOnTheStepBeforeIsMarked) {
  OpRef k = kernel(main);
  k.previous_step = true;
  b.wait(side, k);
  kernel(side);
  EXPECT_TRUE(b.program().streams[side].ops[0].on_previous_step());
  EXPECT_EQ(b.program().streams[side].ops[0].kernel_class(), KernelClass::compute_bound);
}

// What nobody follows still holds back the end of the step.
TEST_F(ProgramBuilderTest, AWaitAtTheEndIsKept) {
  const OpRef k = kernel(main);
  b.wait(side, k);
  const Program p = std::move(b).finish();
  ASSERT_EQ(p.streams[side].ops.size(), 1u);
  EXPECT_EQ(p.streams[side].ops[0].kind, OpKind::wait);
  EXPECT_TRUE(p.streams[side].ops[0].waits());
}

TEST_F(ProgramBuilderTest, EqualThingsAreStoredOnce) {
  const Transfer t{TransferKind::all_reduce, 3, 0, Bytes{100}};
  Transfer other = t;
  other.bytes = Bytes{101};
  for (int i = 0; i < 3; ++i) {
    b.collective(main, t, 1, b.label("ar"));
    b.marker(main, {Marker::Kind::action_begin, 'F', 0, 7});
  }
  b.collective(main, other, 1, b.label("ar"));
  EXPECT_EQ(b.program().transfers.size(), 2u);
  EXPECT_EQ(b.label("ar"), b.label("ar"));
  EXPECT_EQ(b.program().op_count(), 7u);
}

// A list of steps written again waits for what it waited for, as seen from its new place.
TEST_F(ProgramBuilderTest, WhatIsRepeatedWaitsForItsOwn) {
  kernel(third);
  const OpRef first = kernel(main);
  const ProgramBuilder::Mark from = b.mark();
  b.wait(side, first);
  const OpRef beside = kernel(side);
  kernel(main);
  b.wait(main, beside);
  kernel(main);
  const ProgramBuilder::Mark to = b.mark();
  kernel(main);
  const ProgramBuilder::Mark again = b.repeat(from, to);
  EXPECT_EQ(again.ops, (std::vector<OpIndex>{4, 1, 1}));
  const Program p = std::move(b).finish();
  ASSERT_EQ(p.streams[main].ops.size(), 6u);
  ASSERT_EQ(p.streams[side].ops.size(), 2u);
  EXPECT_EQ(p.streams[third].ops.size(), 1u);
  EXPECT_EQ(p.streams[side].ops[1].after, 3u) << "the op of the main stream before it";
  EXPECT_FALSE(p.streams[main].ops[4].waits());
  EXPECT_EQ(p.streams[main].ops[5].after_stream, side);
  EXPECT_EQ(p.streams[main].ops[5].after, 1u);
  EXPECT_EQ(p.streams[main].notes.size(), p.streams[main].ops.size());
}

// What was of the step before is so wherever it is written.
TEST_F(ProgramBuilderTest, AWaitOnTheStepBeforeStaysWhereItIs) {
  OpRef before = kernel(main);
  before.previous_step = true;
  const ProgramBuilder::Mark from = b.mark();
  b.wait(side, before);
  kernel(side);
  kernel(main);
  b.repeat(from, b.mark());
  const Program p = std::move(b).finish();
  EXPECT_EQ(p.streams[side].ops[1].after, before.op);
  EXPECT_TRUE(p.streams[side].ops[1].on_previous_step());
}

// Rounds of work: each sends its result aside, and frees a buffer that its call has brought along.
class RoundsTest : public ProgramBuilderTest {
 protected:
  std::uint32_t block() {
    const ProgramBuilder::Mark from = b.mark();
    b.allocate(main, buffer());
    return *b.block(from, 0, 0);
  }
  std::uint32_t buffer() { return b.buffer(Bytes{64}, 0, b.label("held")); }

  void round(std::uint32_t micro_batch, Duration cost = Duration::us(1)) {
    b.wait(main, b.last(side));
    b.marker(main, {Marker::Kind::action_begin, 'F', 0, micro_batch});
    const std::uint32_t made = buffer();
    const OpRef done = b.call({block_, made, 0}, b.label(""));
    b.wait(side, done);
    b.kernel(side, cost, kCompute, KernelClass::unaffected, b.label("send"));
    b.free(main, made);
  }

  const std::uint32_t block_ = block();
};

void expect_equal(const Program& a, const Program& b) {
  for (std::size_t s = 0; s < a.streams.size(); ++s) {
    EXPECT_EQ(a.streams[s].ops, b.streams[s].ops) << a.streams[s].name;
    EXPECT_EQ(a.streams[s].notes, b.streams[s].notes) << a.streams[s].name;
  }
  EXPECT_TRUE(std::equal(a.markers.begin(), a.markers.end(), b.markers.begin(), b.markers.end()));
  EXPECT_EQ(a.calls, b.calls);
  EXPECT_EQ(a.buffers.size(), b.buffers.size());
}

TEST_F(RoundsTest, GoOnAsIfEachWereWritten) {
  ProgramBuilder::Mark first, second;
  for (std::uint32_t n = 0; n < 3; ++n) {  // the first waits for nothing
    first = std::exchange(second, b.mark());
    round(n);
  }
  const std::optional<ProgramBuilder::Stride> stride = b.stride(first, second);
  ASSERT_TRUE(stride);
  EXPECT_EQ(stride->micro_batches, 1u);
  ProgramBuilder written = b;
  std::swap(written, b);
  for (std::uint32_t n = 3; n < 6; ++n) round(n);
  std::swap(written, b);

  ProgramBuilder::Mark until = b.mark();
  for (int n = 0; n < 3; ++n) until += stride->by;
  for (std::uint32_t n = 0; n < 3; ++n) b.again({block_, b.program().calls.back().made + stride->by.buffers, 0});
  b.go_on(*stride, until);
  EXPECT_EQ(b.mark(), until);
  expect_equal(std::move(b).finish(), std::move(written).finish());
}

TEST_F(RoundsTest, OfUnlikeRoundsThereIsNoStride) {
  const ProgramBuilder::Mark first = b.mark();
  round(0);
  const ProgramBuilder::Mark second = b.mark();
  round(1);
  EXPECT_FALSE(b.stride(first, second)) << "the first waits for nothing";
  const ProgramBuilder::Mark last = b.mark();
  round(2, Duration::us(2));
  EXPECT_FALSE(b.stride(second, last)) << "the last takes longer";
}

TEST_F(RoundsTest, WhatIsFromBeforeAllRoundsIsNoneOfTheirs) {
  const OpRef before = kernel(third);
  kernel(side);
  ProgramBuilder::Mark first, second;
  for (std::uint32_t n = 0; n < 3; ++n) {
    first = std::exchange(second, b.mark());
    b.wait(side, before);
    round(n);
  }
  EXPECT_FALSE(b.stride(first, second));
}

TEST_F(RoundsTest, PendingWaitsArePartOfNoRound) {
  kernel(side);
  const ProgramBuilder::Mark first = b.mark();
  round(0);
  const ProgramBuilder::Mark second = b.mark();
  round(1);
  ASSERT_TRUE(b.stride(first, second));
  b.wait(third, b.last(main));
  EXPECT_FALSE(b.stride(first, second));
}

}  // namespace
}  // namespace orrery::sim
