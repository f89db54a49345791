#include "sim/list_repeats.h"

#include <gtest/gtest.h>

#include <utility>

namespace orrery::sim {
namespace {

// Items that are looked at, as ranges.
std::vector<std::pair<std::size_t, std::size_t>> looked_at(const ListRepeats& repeats, const std::vector<int>& list) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  const auto look = [&](std::size_t from, std::size_t to) {
    if (from < to) ranges.emplace_back(from, to);
    return true;
  };
  EXPECT_TRUE(repeats.all(look, list.size(), std::span<const int>(list)));
  return ranges;
}

// So many rounds of twenty items each, behind five others; of another kind: other items, in the same order.
std::vector<int> rounds(int count, int kind) {
  std::vector<int> list = {100, 101, 102, 103, 104};
  for (int i = 0; i < count * 20; ++i) list.push_back(i % 20 * kind);
  return list;
}

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

TEST(ListRepeats, AllButTheFirstRoundNeedsNoLook) {
  const std::vector<int> list = rounds(30, 1);
  const ListRepeats repeats{std::span<const int>(list)};
  EXPECT_EQ(looked_at(repeats, list), (Ranges{{0, 25}}));
  EXPECT_EQ(looked_at(repeats, rounds(30, 7)), (Ranges{{0, 25}})) << "of another list of that form";
}

TEST(ListRepeats, WhatDoesNotRepeatIsLookedAt) {
  const std::vector<int> list = rounds(30, 1);
  const ListRepeats repeats{std::span<const int>(list)};
  for (std::size_t i = 25; i < list.size(); ++i) {
    std::vector<int> other = rounds(30, 3);
    other[i] = -1;
    EXPECT_EQ(looked_at(repeats, other), (Ranges{{0, 25}, {25, 605}})) << i;
  }
}

TEST(ListRepeats, AListThatIsShorterIsLookedAt) {
  const ListRepeats repeats{std::span<const int>(rounds(30, 1))};
  EXPECT_EQ(looked_at(repeats, {}), Ranges());
  EXPECT_EQ(looked_at(repeats, rounds(3, 1)), (Ranges{{0, 65}}));
}

TEST(ListRepeats, OneThatFailsFailsAll) {
  const std::vector<int> list = rounds(30, 1);
  const ListRepeats repeats{std::span<const int>(list)};
  EXPECT_EQ(repeats.stretches(), 1u);
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{24}}) {
    const auto holds = [&](std::size_t from, std::size_t to) { return wrong < from || wrong >= to; };
    EXPECT_FALSE(repeats.all(holds, list.size(), std::span<const int>(list)));
  }
}

TEST(ListRepeats, AListWithoutThemHasNone) {
  std::vector<int> list;
  for (int i = 0; i < 500; ++i) list.push_back(i);
  EXPECT_EQ(ListRepeats(std::span<const int>(list)).stretches(), 0u);
  EXPECT_EQ(ListRepeats().stretches(), 0u);
}

}  // namespace
}  // namespace orrery::sim
