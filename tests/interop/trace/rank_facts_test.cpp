#include "interop/trace/rank_facts.h"

#include <gtest/gtest.h>

namespace orrery::interop {
namespace {

// What is written is read, whatever stands beside it.
TEST(RankPlaces, ComeBackFromTheirLabels) {
  const RankPlace place{12, 3, 1, 0, 7, 2};
  for (const std::string before : {"", "stage 3, ", "main: stage 3, "})
    for (const std::string after : {"", ", rank 99"}) {
      const PlacedLabels read = place_in(before + labels_of(place) + after);
      EXPECT_EQ(read.place, place);
      std::string rest = before + "rank 99";
      if (after.empty()) rest = before.substr(0, before.size() - std::min<std::size_t>(2, before.size()));
      EXPECT_EQ(read.rest, rest);
    }
}

TEST(RankPlaces, AreNotGuessed) {
  for (const std::string labels :
       {"", "GPU 0", "tp 3", "node 1, pp 2, dp 0, cp 0, tp 1", "node 1, pp x, dp 0, cp 0, tp 1, ep 0",
        "node 1, pp -2, dp 0, cp 0, tp 1, ep 0", "node1, pp 2, dp 0, cp 0, tp 1, ep 0"}) {
    const PlacedLabels read = place_in(labels);
    EXPECT_FALSE(read.place) << labels;
    EXPECT_EQ(read.rest, labels);
  }
}

}  // namespace
}  // namespace orrery::interop
