#include "gui/model/ask/compare/compare.h"

#include <gtest/gtest.h>

#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

std::shared_ptr<const TraceModel> trace(std::int64_t fc1_us, std::int64_t begin_us, bool extra) {
  TraceMaker maker;
  const auto compute = maker.track(maker.process("rank 0"), "compute");
  for (std::int64_t i = 0; i < 4; ++i) {
    const std::vector<interop::TraceArgument> of = {{"micro_batch", i % 2}};
    maker.slice(compute, begin_us + 100 * i, fc1_us, "fc1", "compute", of);
    maker.slice(compute, begin_us + 100 * i + 50, 10, "fc2", "compute", of);
  }
  if (extra) maker.slice(compute, begin_us + 400, 5, "norm");
  return maker.finish();
}

TEST(Comparison, PutsTheLargestChangeFirst) {
  const auto a = trace(20, 0, false), b = trace(30, 7'000, true);
  const Comparison comparison(*a, *b, Alignment(*a, *b));
  ASSERT_EQ(comparison.changes().size(), 3u);
  EXPECT_EQ(comparison.changes()[0].name, "fc1");
  EXPECT_DOUBLE_EQ(comparison.changes()[0].difference(), 4 * 10'000);
  EXPECT_EQ(comparison.changes()[1].name, "norm");
  EXPECT_EQ(comparison.changes()[1].count_a, 0u);
  EXPECT_DOUBLE_EQ(comparison.changes()[2].difference(), 0);
  EXPECT_DOUBLE_EQ(comparison.ratio_of("fc1"), 1.5);
  EXPECT_DOUBLE_EQ(comparison.ratio_of("norm"), 1);
}

// A trace is nothing but itself.
TEST(Comparison, OfATraceWithItselfIsZero) {
  const auto a = trace(20, 0, true);
  const Comparison comparison(*a, *a, Alignment(*a, *a));
  for (const Comparison::Change& change : comparison.changes()) EXPECT_EQ(change.difference(), 0);
}

TEST(Comparison, TellsOfItsProgressAndGivesUp) {
  const auto a = trace(20, 0, false), b = trace(30, 7'000, true);
  double share = -1;
  const auto done = compare({a, b, {}, nullptr}, [&](double now) {
    EXPECT_GE(now, share);
    share = now;
    return true;
  });
  ASSERT_NE(done, nullptr);
  EXPECT_GT(share, 0.5);
  EXPECT_EQ(done->second->pairing().pairs(), 8u);
  EXPECT_EQ(compare({a, b, {}, nullptr}, [](double) { return false; }), nullptr);
}

// Pairs cost most, and hold for every alignment that lays the same numbers on each other.
TEST(Comparison, KeepsThePairsThatAreAtHand) {
  const auto a = trace(20, 0, false), b = trace(30, 7'000, true);
  const auto first = compare({a, b, {}, nullptr});
  EXPECT_EQ(compare({a, b, {}, first->second})->second->pairs, first->second->pairs);
}

}  // namespace
}  // namespace orrery::gui
