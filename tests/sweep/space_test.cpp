#include "sweep/space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace orrery::sweep {
namespace {

Result<Space> space(const std::string& section) {
  auto document = parse_document("model: x\nsweep: " + section + "\n", "s.yaml");
  if (!document) return document.errors();
  Result<Space> taken = Space::take_from(*document);
  EXPECT_EQ(document->find("sweep"), nullptr);
  return taken;
}

std::string point(const Space& of, std::uint64_t i) {
  std::string text;
  for (const models::Override& o : of.overrides(i)) text += o.path + "=" + o.value + " ";
  return text;
}

TEST(Space, NumbersItsPointsTheLastAxisFastest) {
  const auto all = space("{layout.tp: [1, 2], layout.pp: {powers_of_two: [2, 8]}, pipeline.schedule: [1f1b, 'zb-h1']}");
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 12u);
  EXPECT_EQ(point(*all, 0), "layout.tp=1 layout.pp=2 pipeline.schedule=1f1b ");
  EXPECT_EQ(point(*all, 1), "layout.tp=1 layout.pp=2 pipeline.schedule='zb-h1' ");
  EXPECT_EQ(point(*all, 2), "layout.tp=1 layout.pp=4 pipeline.schedule=1f1b ");
  EXPECT_EQ(point(*all, 11), "layout.tp=2 layout.pp=8 pipeline.schedule='zb-h1' ");
  std::set<std::string> distinct;
  for (std::uint64_t i = 0; i < all->size(); ++i) distinct.insert(point(*all, i));
  EXPECT_EQ(distinct.size(), 12u);
}

TEST(Space, HasRangesAndMappings) {
  const auto all =
      space("{training.micro_batch: {range: [1, 9, 3]}, cluster.fabric: [{kind: rail-only}, {kind: fat-tree}]}");
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->axes()[0].values, (std::vector<std::string>{"1", "4", "7"}));
  EXPECT_EQ(all->axes()[1].values, (std::vector<std::string>{"{kind: rail-only}", "{kind: fat-tree}"}));
  EXPECT_EQ(space("{a: {powers_of_two: [3, 20]}}")->axes()[0].values, (std::vector<std::string>{"4", "8", "16"}));
}

TEST(Space, IsOnePointWithoutASection) {
  auto document = parse_document("model: x\n", "s.yaml");
  const auto one = Space::take_from(*document);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->size(), 1u);
  EXPECT_TRUE(one->overrides(0).empty());
}

// A sample has each of its points once, is the same for a seed, and another for another.
TEST(Space, DrawsSamples) {
  const auto draw = [](int seed) {
    const auto all = space(
        "{a: {range: [1, 100]}, b: {range: [1, 100]}, sample: {points: 500, seed: " + std::to_string(seed) + "}}");
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < all->size(); ++i) numbers.push_back(all->combination(i));
    return numbers;
  };
  const std::vector<std::uint64_t> first = draw(1);
  EXPECT_EQ(first.size(), 500u);
  EXPECT_EQ(std::set<std::uint64_t>(first.begin(), first.end()).size(), 500u);
  EXPECT_LT(first.back(), 10'000u);
  EXPECT_EQ(first, draw(1));
  EXPECT_NE(first, draw(2));
  // Of 10,000 evenly: the mean lies within five standard errors of the middle.
  double sum = 0;
  for (const std::uint64_t n : first) sum += static_cast<double>(n);
  EXPECT_NEAR(sum / 500, 5000, 5 * 10'000 / std::sqrt(12.0 * 500));
  EXPECT_EQ(space("{a: [1, 2], sample: {points: 50, seed: 1}}")->size(), 2u);
}

TEST(Space, TellsAllThatIsWrong) {
  const std::pair<const char*, const char*> all[] = {
      {"[1, 2]", "must be a mapping"},
      {"{layout.tp: 4}", "must be a list of values"},
      {"{layout.tp: []}", "takes no value"},
      {"{layout.tp: [1, 2, 1]}", "has 1 twice"},
      {"{layout.tp: {powers_of_two: [1]}}", "must be a list of 2 whole numbers"},
      {"{layout.tp: {powers_of_two: [8, 2]}}", "1 <= first <= last"},
      {"{layout.tp: {powers_of_two: [5, 7]}}", "no power of two"},
      {"{layout.tp: {range: [1, x]}}", "which is no whole number"},
      {"{layout.tp: {range: [1, 10, 0]}}", "a step of at least 1"},
      {"{layout.tp: {range: [1, 1000000000]}}", "more than 100000 values"},
      {"{'layout tp': [1]}", "is no key"},
      {"{a: [1], where: ['a ==']}", "ends where a value is due"},
      {"{a: [1], where: {b: 1}}", "must be an expression"},
      {"{a: [1, 2], sample: {points: 0}}", "N at least 1"},
      {"{a: [1, 2], sample: {many: 3}}", "'sample' must be"},
      {"{a: {range: [1, 90000]}, b: {range: [1, 90000]}}", "more than 100000000 combinations"},
  };
  for (const auto& [section, expected] : all) {
    const auto found = space(section);
    ASSERT_FALSE(found.ok()) << section;
    EXPECT_NE(found.errors().front().what.find(expected), std::string::npos) << found.errors().front().what;
  }
  EXPECT_EQ(space("{a: [], b: 3, where: 'x ='}").errors().size(), 3u);
}

}  // namespace
}  // namespace orrery::sweep
