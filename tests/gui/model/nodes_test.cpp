// The node as a level of the tree: job > node > rank > tracks and counters.
#include <gtest/gtest.h>

#include "gui/model/ask/lanes/reorder.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

std::string at_node(int node, int tp) {
  return "node " + std::to_string(node) + ", pp 0, dp 0, cp 0, tp " + std::to_string(tp) + ", ep 0";
}

// `ranks` on each node, and the network, which is on none.
std::shared_ptr<const TraceModel> on_nodes(int nodes, int ranks) {
  TraceMaker maker;
  for (int i = 0; i < nodes * ranks; ++i) {
    const auto rank = maker.process("rank " + std::to_string(i), at_node(i / ranks, i % ranks), i);
    maker.slice(maker.track(rank, "compute"), 0, 10);
    maker.slice(maker.track(rank, "tp"), 10, 5);
  }
  maker.slice(maker.track(maker.process("network", "", 99), "links"), 0, 15);
  return maker.finish();
}

std::vector<std::string> heads(const TraceModel& model, const LaneChoices& choices = {}) {
  std::vector<std::string> paths;
  const Lanes lanes(model, choices);
  for (const Lane& lane : lanes.all())
    if (lane.is_head()) paths.push_back(lane.path);
  return paths;
}

using Paths = std::vector<std::string>;

TEST(Nodes, StandAboveTheirRanks) {
  const auto model = on_nodes(2, 2);
  EXPECT_EQ(heads(*model), (Paths{"node/0", "rank 0", "rank 1", "node/1", "rank 2", "rank 3", "network"}));
  const Lanes lanes(*model, {});
  EXPECT_EQ(lanes.all()[0].label, "node 0  (2 ranks)");
  EXPECT_EQ(lanes.all()[0].depth, 0);
  EXPECT_EQ(lanes.all()[1].depth, 1);
  EXPECT_EQ(lanes.all()[2].depth, 2);
}

// A level that says nothing is left out: one node, or one rank on each. Who asks for it has it.
TEST(Nodes, AreLeftOutWhereTheySayNothing) {
  EXPECT_EQ(heads(*on_nodes(1, 2)), (Paths{"rank 0", "rank 1", "network"}));
  EXPECT_EQ(heads(*on_nodes(2, 1)), (Paths{"rank 0", "rank 1", "network"}));
  LaneChoices choices;
  choices.grouping = Grouping::node;
  EXPECT_EQ(heads(*on_nodes(2, 1), choices), (Paths{"node/0", "rank 0", "node/1", "rank 1", "network"}));
  choices.grouping = Grouping::tp;
  EXPECT_EQ(heads(*on_nodes(2, 2), choices).front(), "group/TP0");
}

TEST(Nodes, CollapseToWhatTheirFirstRankDoes) {
  const auto model = on_nodes(2, 2);
  LaneChoices choices;
  choices.collapsed = {"node/0"};
  EXPECT_EQ(heads(*model, choices), (Paths{"node/0", "node/1", "rank 2", "rank 3", "network"}));
  const Lanes lanes(*model, choices);
  const Lane& node = lanes.all()[0];
  EXPECT_TRUE(node.collapsed);
  ASSERT_EQ(node.rows, 1u);
  EXPECT_EQ(path_of_track(*model, model->parts().track_of_row[node.first_row]), "rank 0/compute");
  // An area over it takes all that is inside.
  EXPECT_EQ(lanes.tracks_between(*model, node.y, node.y + node.height), (std::vector<std::uint32_t>{0, 1, 2, 3}));
}

TEST(Nodes, AreFoundByTheFilter) {
  const auto model = on_nodes(2, 2);
  LaneChoices choices;
  choices.filter = "node 1";
  EXPECT_EQ(heads(*model, choices), (Paths{"node/1", "rank 2", "rank 3"}));
  choices.filter = "rank 0";
  EXPECT_EQ(heads(*model, choices), (Paths{"node/0", "rank 0"}));
  choices.collapsed = {"node/0"};  // what is looked for is shown
  EXPECT_EQ(heads(*model, choices), (Paths{"node/0", "rank 0"}));
  choices.filter = "nothing like it";
  EXPECT_TRUE(heads(*model, choices).empty());
}

TEST(Nodes, MoveWithTheirRanks) {
  const auto model = on_nodes(3, 2);
  LaneChoices choices;
  EXPECT_EQ(siblings_of(Lanes(*model, choices), "node/1"), (Paths{"node/0", "node/1", "node/2"}));
  EXPECT_EQ(siblings_of(Lanes(*model, choices), "rank 2"), (Paths{"rank 2", "rank 3"}));
  choices.moved = moved_beside(*model, choices, "node/2", "node/0", false);
  choices.moved = moved_beside(*model, choices, "rank 2", "rank 3", true);
  EXPECT_EQ(heads(*model, choices), (Paths{"node/2", "rank 4", "rank 5", "node/0", "rank 0", "rank 1", "node/1",
                                           "rank 3", "rank 2", "network"}));
  EXPECT_EQ(moved_beside(*model, choices, "rank 0", "rank 2", true), choices.moved) << "of another node";
}

// Nodes and ranks are pinned as they are when collapsed: one row.
TEST(Nodes, ArePinnedAsARow) {
  const auto model = on_nodes(2, 2);
  LaneChoices choices;
  choices.pinned = {"node/1", "rank 0", "rank 3/tp"};
  const Lanes lanes(*model, choices);
  ASSERT_EQ(lanes.pinned().size(), 3u);
  EXPECT_EQ(lanes.pinned()[0].path, "node/1");
  EXPECT_EQ(path_of_track(*model, model->parts().track_of_row[lanes.pinned()[0].first_row]), "rank 2/compute");
  EXPECT_EQ(lanes.pinned()[1].path, "rank 0");
  EXPECT_EQ(lanes.pinned()[1].rows, 1u);
  EXPECT_EQ(lanes.pinned()[2].path, "rank 3/tp");
  EXPECT_EQ(heads(*model, choices), heads(*model)) << "and stay where they are";
}

}  // namespace
}  // namespace orrery::gui
