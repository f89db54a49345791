#include "gui/model/ask/compare/alignment.h"

#include <gtest/gtest.h>

#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

// Steps of a millisecond, numbered from `first`; ours, or PyTorch's.
std::shared_ptr<const TraceModel> numbered(std::int64_t first, std::int64_t count, bool ours = true) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("rank 0"), ours ? "schedule" : "thread 1");
  for (std::int64_t i = 0; i < count; ++i) {
    const std::vector<interop::TraceArgument> step = {{"step", first + i}};
    const std::string name = ours ? "F0" : "ProfilerStep#" + std::to_string(first + i);
    maker.slice(track, 1'000 * i, 900, name, ours ? "schedule" : "user_annotation", ours ? step : decltype(step)());
  }
  return maker.finish();
}

TEST(Steps, HaveTheNumbersOfTheirTrace) {
  for (const bool ours : {true, false}) {
    const std::vector<Step> found = steps_of(*numbered(7, 4, ours));
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].number, 7);
    EXPECT_EQ(found[3].number, 10);
    EXPECT_EQ(found[3].range, (TimeRange{3'000'000, 3'900'000}));
  }
}

// By number, not by when their names were first heard of: 9 comes before 10.
TEST(Steps, AreInOrderOfTheirNumbers) {
  const std::vector<Step> found = steps_of(*numbered(8, 4, false));
  for (std::size_t i = 1; i < found.size(); ++i) EXPECT_LT(found[i - 1].range.begin, found[i].range.begin);
}

TEST(Steps, TheOneInViewIsThatOfWhichMostIsSeen) {
  const std::vector<Step> all = steps_of(*numbered(0, 4));
  EXPECT_EQ(step_in_view(all, {0, 4'000'000}), 0u) << "of several alike the first";
  EXPECT_EQ(step_in_view(all, {800'000, 1'400'000}), 1u);
  EXPECT_EQ(step_in_view(all, {2'100'000, 2'101'000}), 2u);
  EXPECT_EQ(step_in_view(all, {5'000'000, 6'000'000}), std::nullopt);
}

TEST(Alignment, LaysTheLastCommonNumberOnItself) {
  const Alignment alignment(*numbered(0, 5), *numbered(2, 2));
  EXPECT_EQ(alignment.a().number, 3);
  EXPECT_EQ(alignment.b().number, 3);
  EXPECT_EQ(alignment.offset(), 0);
  EXPECT_EQ(alignment.later(), -2'000'000);
}

// A profiler's step 2 is not the simulator's.
TEST(Alignment, OfASimulationAndAProfileLaysTheLastOnTheLast) {
  const Alignment alignment(*numbered(0, 3), *numbered(1, 5, false));
  EXPECT_EQ(alignment.a().number, 2);
  EXPECT_EQ(alignment.b().number, 5);
  EXPECT_EQ(alignment.with(0).b().number, 3) << "as far from the last";
  EXPECT_EQ(alignment.with(0, 0).with(2).b().number, 3);
}

TEST(Alignment, AnotherStepIsLaidOnThatOfTheSameNumber) {
  const Alignment alignment = Alignment(*numbered(0, 4), *numbered(0, 4)).with(3, 1);
  EXPECT_EQ(alignment.offset(), -2);
  EXPECT_EQ(alignment.with(2).b().number, 2);
}

TEST(Alignment, GoesByTheNumbersThatPeopleWrite) {
  const Alignment alignment(*numbered(10, 4), *numbered(12, 4));
  ASSERT_TRUE(alignment.with_numbers(11, 14));
  EXPECT_EQ(alignment.with_numbers(11, 14)->b().number, 14);
  EXPECT_EQ(alignment.with_numbers(12, std::nullopt)->b().number, 12);
  EXPECT_FALSE(alignment.with_numbers(9, std::nullopt));
  EXPECT_FALSE(alignment.with_numbers(11, 11));
}

TEST(Alignment, OfTracesWithoutStepsIsOfAllOfThem) {
  TraceMaker a, b;
  a.slice(a.track(a.process("x"), "y"), 5, 10);
  b.slice(b.track(b.process("x"), "y"), 7, 20);
  const Alignment alignment(*a.finish(), *b.finish());
  EXPECT_EQ(alignment.later(), 2'000);
  EXPECT_EQ(alignment.steps_a().size(), 1u);
}

}  // namespace
}  // namespace orrery::gui
