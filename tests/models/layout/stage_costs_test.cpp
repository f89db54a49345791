#include "models/layout/stage_costs.h"

#include <gtest/gtest.h>

#include <numeric>

namespace orrery::models {
namespace {

// An output layer as heavy as `head` layers.
ModelSpec model_with(int layers, int head) {
  ModelSpec model;
  model.layers = layers;
  model.hidden = 64;
  model.heads = 4;
  model.head_dim = 16;
  model.ffn = 128;
  model.activation = Activation::swiglu;
  model.vocab = head * (4 * 64 + 3 * 128);
  return model;
}

// 16 layers and 4 for the head: 20 in all. A stage is full with the layer that brings the sum above 10, or 5, 10
// and 15.
TEST(StagesByCost, AStageIsFullWithThePieceThatGoesAboveItsShare) {
  EXPECT_EQ(layers_by_cost(model_with(16, 4), 1), (std::vector<int>{16}));
  EXPECT_EQ(layers_by_cost(model_with(16, 4), 2), (std::vector<int>{11, 5}));
  EXPECT_EQ(layers_by_cost(model_with(16, 4), 4), (std::vector<int>{6, 5, 5, 0}));
  EXPECT_EQ(layers_by_cost(model_with(16, 4), 8), (std::vector<int>{3, 3, 2, 3, 2, 3, 0, 0}));
}

// The Ultra-Scale Playbook's 8B: 32 layers of 243.3M weights, an output layer of 536.9M, 2.2 of them.
TEST(StagesByCost, RealShapes) {
  ModelSpec model = model_with(32, 0);
  model.hidden = 4096;
  model.heads = 32;
  model.head_dim = 128;
  model.ffn = 14336;
  model.vocab = 131072;
  EXPECT_EQ(layers_by_cost(model, 2), (std::vector<int>{18, 14}));
  EXPECT_EQ(layers_by_cost(model, 4), (std::vector<int>{9, 9, 8, 6}));
}

// What stages have up to any place is the fewest layers above the even share, or all there are.
TEST(StagesByCost, RunningSumsAreTheFirstAboveEvenShares) {
  for (int layers = 1; layers < 50; ++layers)
    for (const int head : {0, 1, 3, 9})
      for (int stages = 1; stages <= layers + 2; ++stages) {
        const std::vector<int> dealt = layers_by_cost(model_with(layers, head), stages);
        ASSERT_EQ(std::accumulate(dealt.begin(), dealt.end(), 0), layers);
        int sum = 0;
        for (int stage = 0; stage < stages; ++stage) {
          sum += dealt[static_cast<std::size_t>(stage)];
          const int share = (layers + head) * (stage + 1);  // in parts of 1/stages
          // Closed by an earlier layer already, a stage has one at least.
          const bool first_above = sum * stages > share && (sum - 1) * stages <= share;
          const bool forced = dealt[static_cast<std::size_t>(stage)] == 1 && sum * stages > share;
          EXPECT_TRUE(first_above || forced || sum == layers) << layers << '+' << head << " over " << stages;
        }
      }
}

}  // namespace
}  // namespace orrery::models
