// Numbers over time: their parts, their sum, their limit.
#include <gtest/gtest.h>

#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

TEST(Counter, TheHighestSumIsThatOfOneMoment) {
  TraceMaker maker;
  const auto p = maker.process("p");
  const auto a = maker.counter(p, "memory", "weights"), b = maker.counter(p, "memory", "activations");
  maker.count(a, 0, 10), maker.count(b, 0, 0);
  maker.count(b, 1, 30);
  maker.count(a, 2, 50), maker.count(b, 2, 5);
  const auto model = maker.finish();
  ASSERT_EQ(model->counters().size(), 1u);
  EXPECT_EQ(model->counters()[0].highest, 55);
  EXPECT_EQ(model->counters()[0].at(1'500), 40);
  EXPECT_EQ(model->counters()[0].at(-1), 0);
}

TEST(Counter, ASumBesideItsPartsIsNotAPart) {
  TraceMaker maker;
  const auto p = maker.process("p");
  const auto sum = maker.counter(p, "memory", ""), a = maker.counter(p, "memory", "weights");
  maker.count(a, 0, 10), maker.count(sum, 0, 10);
  EXPECT_EQ(maker.finish()->counters()[0].highest, 10);
}

TEST(Counter, ASumIsShownWhereNoPartOfItIs) {
  TraceMaker maker;
  const auto p = maker.process("p"), q = maker.process("q");
  const auto sum = maker.counter(p, "memory", ""), part = maker.counter(p, "memory", "weights");
  const auto alone = maker.counter(q, "memory", ""), silent = maker.counter(q, "memory", "weights");
  (void)silent;
  for (int i = 0; i < 100; ++i) {
    maker.count(sum, i, 10 + i), maker.count(alone, i, 10 + i);
    if (i >= 50) maker.count(part, i, 5 + i);
  }
  const auto model = maker.finish();
  ASSERT_EQ(model->counters().size(), 2u);
  ASSERT_EQ(model->counters()[0].series.size(), 1u);
  EXPECT_EQ(model->counters()[0].series[0].name, "weights");
  EXPECT_EQ(model->counters()[0].series[0].times.size(), 50u);
  EXPECT_EQ(model->counters()[0].highest, 104);
  ASSERT_EQ(model->counters()[1].series.size(), 1u);
  EXPECT_EQ(model->counters()[1].series[0].times.size(), 100u);
  EXPECT_EQ(model->counters()[1].highest, 109);
}

// A limit belongs to the counter of its name, process and unit; without one it is a counter.
TEST(Counters, ALimitIsALineOfTheCounterThatItLimits) {
  TraceMaker maker;
  const auto here = maker.process("rank 0"), there = maker.process("rank 1");
  const auto count = [&](std::uint32_t process, const std::string& name, double value) {
    maker.count(maker.counter(process, name, ""), 0, value);
  };
  count(here, "memory limit", 80);
  count(here, "memory", 50);
  count(there, "memory limit", 40);
  const auto model = maker.finish();
  ASSERT_EQ(model->counters().size(), 2u);
  EXPECT_EQ(model->counters()[0].name, "memory");
  EXPECT_EQ(model->counters()[0].limit, 80);
  EXPECT_EQ(model->counters()[1].name, "memory limit");
  EXPECT_EQ(model->counters()[1].limit, 0);
}

}  // namespace
}  // namespace orrery::gui
