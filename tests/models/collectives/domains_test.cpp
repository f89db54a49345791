#include "models/collectives/links/domains.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace orrery::models {
namespace {

std::vector<std::vector<std::uint32_t>> listed(const Domains& domains) {
  std::vector<std::vector<std::uint32_t>> lists;
  for (const Domains::Members members : domains) {
    lists.emplace_back();
    for (const RankId rank : members) lists.back().push_back(rank.value);
  }
  return lists;
}

std::vector<RankId> named(std::initializer_list<std::uint32_t> values) {
  std::vector<RankId> list;
  for (const std::uint32_t value : values) list.push_back({value});
  return list;
}

using Lists = std::vector<std::vector<std::uint32_t>>;

TEST(Domains, StandInTheOrderInWhichTheyAreNamed) {
  EXPECT_EQ(listed(Domains(named({0, 1, 8, 9}), 8)), (Lists{{0, 1}, {8, 9}}));
  EXPECT_EQ(listed(Domains(named({9, 1, 8, 17}), 8)), (Lists{{9, 8}, {1}, {17}}));
  EXPECT_EQ(listed(Domains(named({0, 8, 16, 1, 9, 17}), 8)), (Lists{{0, 1}, {8, 9}, {16, 17}}));
  EXPECT_EQ(listed(Domains(named({5}), 8)), (Lists{{5}}));
  EXPECT_EQ(Domains({}, 8).size(), 0u);
}

TEST(Domains, HaveEveryRankOnce) {
  std::vector<RankId> all;
  for (std::uint32_t i = 0; i < 240; ++i) all.push_back({i * 77 % 240});
  const Domains domains(all, 16);
  EXPECT_EQ(domains.size(), 15u);
  std::vector<RankId> held(domains.all().begin(), domains.all().end());
  std::sort(held.begin(), held.end(), [](RankId a, RankId b) { return a.value < b.value; });
  for (std::uint32_t i = 0; i < 240; ++i) EXPECT_EQ(held[i].value, i);
}

}  // namespace
}  // namespace orrery::models
