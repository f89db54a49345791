#include "models/architecture/layer/experts/routing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "models/architecture/layer/experts/moe.h"

namespace orrery::models {
namespace {

MoeSpec routed(const std::string& rule, double skew, int experts = 64, int top_k = 4) {
  MoeSpec moe;
  moe.experts = experts;
  moe.top_k = top_k;
  moe.routing = rule;
  moe.skew = skew;
  return moe;
}

double sum(const std::vector<double>& loads) {
  return std::accumulate(loads.begin(), loads.end(), 0.0);
}

// Every copy goes somewhere, and no expert gets a token twice.
TEST(Routing, LoadsHaveMeanOneAndAtMostOneCopyOfAToken) {
  for (const char* rule : {"zipf", "power-law"})
    for (const double skew : {0.0, 0.5, 1.0, 1.2, 3.0}) {
      const std::vector<double> loads = expert_loads(routed(rule, skew), 3, 7);
      EXPECT_NEAR(sum(loads), 64, 1e-9) << rule << " " << skew;
      EXPECT_LE(*std::max_element(loads.begin(), loads.end()), 64.0 / 4 + 1e-9);
      for (const int ep : {1, 8, 64}) EXPECT_NEAR(sum(rank_loads(routed(rule, skew), ep, 3, 7)), ep, 1e-9);
    }
}

TEST(Routing, ZipfIsOneOverTheRank) {
  std::vector<double> loads = expert_loads(routed("zipf", 1.0), 0, 1);
  std::sort(loads.rbegin(), loads.rend());
  EXPECT_NEAR(loads[0] / loads[1], 2, 1e-12);
  EXPECT_NEAR(loads[0] / loads[7], 8, 1e-12);
}

TEST(Routing, NoSkewIsBalanced) {
  for (const double load : expert_loads(routed("zipf", 0), 0, 1)) EXPECT_DOUBLE_EQ(load, 1);
}

// Layers have favourites of their own, the same ones every time.
TEST(Routing, LayersDrawTheirOwnFavourites) {
  const MoeSpec moe = routed("zipf", 1.0);
  EXPECT_EQ(expert_loads(moe, 0, 1), expert_loads(moe, 0, 1));
  EXPECT_NE(expert_loads(moe, 0, 1), expert_loads(moe, 1, 1));
  EXPECT_NE(expert_loads(moe, 0, 1), expert_loads(moe, 0, 2));
}

TEST(Routing, ACapacityMakesRanksEqual) {
  MoeSpec moe = routed("zipf", 1.0);
  moe.capacity_factor = 1;
  EXPECT_EQ(rank_loads(moe, 8, 0, 1), std::vector<double>(8, 1.0));
}

TEST(Routing, AFileIsTakenAtItsWord) {
  MoeSpec moe = routed("loads.csv", 0, 4, 1);
  moe.loads = {{3, 1, 0, 0}, {1, 1, 1, 1}};
  EXPECT_EQ(expert_loads(moe, 0, 1), (std::vector<double>{3, 1, 0, 0}));
  EXPECT_EQ(rank_loads(moe, 2, 0, 1), (std::vector<double>{2, 0}));
  EXPECT_EQ(expert_loads(moe, 1, 1), (std::vector<double>{1, 1, 1, 1}));
}

// K (1 - C(E - E/K, k) / C(E, k)), worked out by hand for DeepSeek-V3: 8 of 256
// experts on 8 nodes; from 4 chosen nodes, 8 of 128.
TEST(Routing, NodesThatATokenIsExpectedOn) {
  EXPECT_DOUBLE_EQ(expected_nodes(8, 256, 1, 0), 1);
  EXPECT_DOUBLE_EQ(expected_nodes(4, 4, 4, 0), 4);
  double missed = 1;
  for (int i = 0; i < 8; ++i) missed *= (224.0 - i) / (256 - i);
  EXPECT_NEAR(expected_nodes(8, 256, 8, 0), 8 * (1 - missed), 1e-12);
  missed = 1;
  for (int i = 0; i < 8; ++i) missed *= (96.0 - i) / (128 - i);
  EXPECT_NEAR(expected_nodes(8, 256, 8, 4), 4 * (1 - missed), 1e-12);
}

}  // namespace
}  // namespace orrery::models
