#include "models/layout/layer_degrees.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace orrery::models {
namespace {

LayoutSpec eight(std::vector<LayerRange> ranges) {
  LayoutSpec layout;
  layout.tp = 8, layout.dp = 3, layout.cp = 2, layout.sequence_parallel = true;
  layout.by_layers = std::move(ranges);
  return layout;
}

TEST(LayerDegrees, AreTheLayoutsWhereNobodySaysOtherwise) {
  const LayoutSpec layout = eight({{2, 3, 4}, {5, 5, 1}});
  const std::vector<int> expected = {8, 8, 4, 4, 8, 1, 8};
  for (int layer = -1; layer < 7; ++layer)
    EXPECT_EQ(layer_degree(layout, layer), layer < 0 ? 8 : expected[static_cast<std::size_t>(layer)]) << layer;
  EXPECT_EQ(layer_degrees(layout), (std::vector<int>{4, 1}));
}

TEST(LayerDegrees, AreToldInWords) {
  EXPECT_EQ(degrees_text(eight({})), "8");
  EXPECT_EQ(degrees_text(eight({{0, 15, 4}, {16, 16, 2}})), "8 (4 in layers 0-15, 2 in 16)");
}

TEST(LayerDegrees, OfTheLayoutsSizeAreNone) {
  EXPECT_FALSE(has_layer_degrees(eight({{0, 5, 8}})));
  EXPECT_TRUE(has_layer_degrees(eight({{0, 5, 8}, {6, 6, 2}})));
}

TEST(LayerDegrees, ALayersLayoutHasTheSameRanks) {
  for (const int degree : {1, 2, 4, 8}) {
    const LayoutSpec own = layer_layout(eight({{0, 0, degree}}), degree);
    EXPECT_EQ(own.tp, degree);
    EXPECT_EQ(own.gpus(), eight({}).gpus());
    EXPECT_EQ(own.sequence_parallel, degree > 1);
  }
}

// The ranks of a tensor-parallel set work on the same samples; each of them meets one of
// every other set, which has its samples of the other degree and no others.
TEST(LayerDegrees, RanksWithDifferentSamplesAreOneOfEverySet) {
  for (const auto& [small, large] : {std::pair(4, 8), std::pair(2, 8), std::pair(1, 8), std::pair(2, 4)}) {
    const TensorPart samples = sample_ranks(large, small), set{small, 1}, all{large, 1};
    EXPECT_EQ(samples, sample_ranks(small, large));
    std::map<int, std::set<int>> sets, wholes;  // by part
    for (int tp = 0; tp < 8; ++tp) {
      EXPECT_TRUE(sets[samples.of(tp)].insert(set.of(tp)).second);
      wholes[samples.of(tp)].insert(all.of(tp));
    }
    for (const auto& [part, members] : sets) {
      EXPECT_EQ(static_cast<int>(members.size()), large / small);
      EXPECT_EQ(wholes[part].size(), 1u);
    }
  }
}

}  // namespace
}  // namespace orrery::models
