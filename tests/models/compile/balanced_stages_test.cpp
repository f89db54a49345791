// How layers are dealt to stages, against every deal there is.
#include "models/compile/pipeline/balanced_stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

#include "models/compute/cost_model.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

struct Worth {
  std::int64_t longest = 0;
  double squares = 0;
};

Worth worth(const DealCosts& costs, const std::vector<int>& deal) {
  Worth all;
  std::size_t layer = 0;
  for (std::size_t s = 0; s < deal.size(); ++s) {
    std::int64_t load = costs.fixed[s];
    for (int i = 0; i < deal[s]; ++i) load += costs.layers[s][layer++];
    all.longest = std::max(all.longest, load);
    all.squares += static_cast<double>(load) * static_cast<double>(load);
  }
  return all;
}

// Calls `see` with every deal of `layers` among `stages`: the ends may go without.
void each_deal(int layers, int stages, std::vector<int>& so_far,
               const std::function<void(const std::vector<int>&)>& see) {
  const int stage = static_cast<int>(so_far.size());
  if (stage == stages) {
    if (layers == 0) see(so_far);
    return;
  }
  for (int n = stage == 0 || stage + 1 == stages ? 0 : 1; n <= layers; ++n) {
    so_far.push_back(n);
    each_deal(layers - n, stages, so_far, see);
    so_far.pop_back();
  }
}

TEST(DealLayers, IsTheBestOfAllDeals) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const int layers = 1 + static_cast<int>(random() % 9), stages = 1 + static_cast<int>(random() % 5);
    DealCosts costs;
    for (int s = 0; s < stages; ++s) {
      costs.fixed.push_back(s == 0 || s + 1 == stages ? random() % 3000 : 0);
      std::vector<std::int64_t>& stage = costs.layers.emplace_back();
      for (int l = 0; l < layers; ++l) stage.push_back(1 + random() % 1000);
    }
    bool any = false;
    Worth best{INT64_MAX, 0};
    std::vector<int> so_far;
    each_deal(layers, stages, so_far, [&](const std::vector<int>& deal) {
      const Worth here = worth(costs, deal);
      if (here.longest < best.longest || (here.longest == best.longest && here.squares < best.squares)) best = here;
      any = true;
    });
    const std::vector<int> dealt = deal_layers(costs);
    ASSERT_EQ(!dealt.empty(), any);
    if (!any) continue;
    EXPECT_EQ(std::accumulate(dealt.begin(), dealt.end(), 0), layers);
    EXPECT_EQ(worth(costs, dealt).longest, best.longest);
    EXPECT_NEAR(worth(costs, dealt).squares / best.squares, 1, 1e-12);
  }
}

TEST(DealLayers, OfLikeLayersAreDealtEvenly) {
  EXPECT_EQ(deal_layers({std::vector(4, std::vector<std::int64_t>(8, 10)), {0, 0, 0, 0}}), (std::vector{2, 2, 2, 2}));
  EXPECT_EQ(deal_layers({std::vector(2, std::vector<std::int64_t>(3, 10)), {0, 25}}), (std::vector{3, 0}));
  EXPECT_TRUE(deal_layers({std::vector(5, std::vector<std::int64_t>(2, 10)), {0, 0, 0, 0, 0}}).empty());
}

}  // namespace
}  // namespace orrery::models
