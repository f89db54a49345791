#include "models/layout/layout.h"

#include <gtest/gtest.h>

#include <numeric>

namespace orrery::models {
namespace {

LayoutSpec spec(int tp, int cp, int pp, int dp) {
  LayoutSpec s;
  s.tp = tp, s.cp = cp, s.pp = pp, s.dp = dp;
  return s;
}

// Megatron-LM's order: tensor fastest, pipeline slowest.
TEST(Layout, TensorParallelRanksAreNeighboursByDefault) {
  const Layout layout(spec(4, 1, 2, 3));
  EXPECT_EQ(layout.rank({.tp = 1}), RankId{1});
  EXPECT_EQ(layout.rank({.dp = 1}), RankId{4});
  EXPECT_EQ(layout.rank({.pp = 1}), RankId{12});
}

TEST(Layout, LlamaThreePutsPipelineInsideData) {
  LayoutSpec s = spec(8, 1, 16, 4);
  s.order = {Axis::tp, Axis::cp, Axis::pp, Axis::dp};
  const Layout layout(s);
  EXPECT_EQ(layout.rank({.pp = 1}), RankId{8});
  EXPECT_EQ(layout.rank({.dp = 1}), RankId{128});
}

TEST(Layout, CoordinatesAndRanksAreInverse) {
  const std::vector<std::vector<Axis>> orders = {{Axis::tp, Axis::cp, Axis::ep, Axis::dp, Axis::pp},
                                                 {Axis::pp, Axis::dp, Axis::tp, Axis::cp},
                                                 {Axis::tp, Axis::cp, Axis::pp, Axis::dp}};
  for (const auto& order : orders) {
    LayoutSpec s = spec(2, 3, 4, 5);
    s.order = order;
    const Layout layout(s);
    for (std::uint32_t r = 0; r < 120; ++r) EXPECT_EQ(layout.rank(layout.coordinate({r})), RankId{r});
  }
}

// PipeDream's 15-1 and the like: a stage's replicas follow each other, and the next stage follows them.
TEST(Layout, StagesMayHaveReplicasOfTheirOwn) {
  LayoutSpec s = spec(2, 1, 3, 1);
  s.stage_replicas = {4, 1, 2};
  const Layout layout(s);
  EXPECT_EQ(layout.ranks(), 14);
  EXPECT_EQ(layout.rank({.dp = 3}), RankId{6});
  EXPECT_EQ(layout.rank({.tp = 1, .pp = 1}), RankId{9});
  EXPECT_EQ(layout.rank({.dp = 1, .pp = 2}), RankId{12});
  for (std::uint32_t r = 0; r < 14; ++r) EXPECT_EQ(layout.rank(layout.coordinate({r})), RankId{r});
}

// Megatron-LM: tp 2, dp 8, ep 4 with etp 1. Experts spread over neighbours, and
// the ranks that hold the same ones stand ep apart.
TEST(ExpertGrid, ExpertsSpreadOverNeighbours) {
  LayoutSpec s = spec(2, 1, 2, 8);
  s.ep = 4;
  const Layout layout(s);
  EXPECT_EQ(layout.expert_coordinate(RankId{3}).ep, 3);
  EXPECT_EQ(layout.expert_coordinate(RankId{4}).edp, 1);
  EXPECT_EQ(layout.expert_coordinate(RankId{16}).pp, 1);
  EXPECT_EQ(layout.expert_coordinate(RankId{16}).ep, 0);
}

// The same stages in both grids, and every place taken once, in any order.
TEST(ExpertGrid, CoversTheRanksOfEveryStage) {
  const std::vector<std::vector<Axis>> orders = {{Axis::tp, Axis::cp, Axis::ep, Axis::dp, Axis::pp},
                                                 {Axis::pp, Axis::dp, Axis::tp, Axis::cp},
                                                 {Axis::tp, Axis::cp, Axis::pp, Axis::dp}};
  for (const auto& order : orders) {
    LayoutSpec s = spec(2, 3, 4, 4);
    s.etp = 2, s.ep = 6, s.order = order;
    const Layout layout(s);
    std::vector<int> taken(96, 0);
    for (std::uint32_t r = 0; r < 96; ++r) {
      const ExpertCoordinate at = layout.expert_coordinate({r});
      EXPECT_EQ(at.pp, layout.coordinate({r}).pp);
      ++taken[static_cast<std::size_t>(((at.pp * 2 + at.edp) * 6 + at.ep) * 2 + at.etp)];
    }
    EXPECT_EQ(taken, std::vector<int>(96, 1));
  }
}

// Llama 3: 126 layers over 128 chunks leave the first and the last chunk one layer short.
TEST(Stages, EmbeddingAndHeadCountAsALayerEach) {
  const std::vector<int> layers = layers_of_stages(126, 128);
  EXPECT_EQ(layers.front(), 0);
  EXPECT_EQ(layers.back(), 0);
  EXPECT_EQ(layers[1], 1);
}

TEST(Stages, WhatIsLeftOverGoesToTheMiddle) {
  // 10 layers + 2 = 12 units over 5 chunks: 2 each, 2 left for chunks 1 and 2.
  EXPECT_EQ(layers_of_stages(10 + 1, 5), (std::vector<int>{1, 3, 3, 3, 1}));
  EXPECT_EQ(layers_of_stages(12, 4), (std::vector<int>{3, 3, 3, 3}));
}

TEST(Stages, EveryLayerIsPlacedOnce) {
  for (int layers = 1; layers < 60; ++layers)
    for (int chunks = 1; chunks <= layers + 2; ++chunks) {
      const std::vector<int> stages = layers_of_stages(layers, chunks);
      ASSERT_EQ(std::accumulate(stages.begin(), stages.end(), 0), layers) << layers << " over " << chunks;
      for (int n : stages) EXPECT_GE(n, 0);
    }
}

TEST(Stages, MoreChunksThanLayersAndTwoAreRefused) {
  EXPECT_TRUE(layers_of_stages(4, 7).empty());
}

}  // namespace
}  // namespace orrery::models
