// The node as a level of the tree, under the hand: keys, mouse, screen readers.
#include <QAccessible>

#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

class NodeTree : public Window {
 protected:
  void SetUp() override {
    Window::SetUp();
    TraceMaker maker;
    for (int i = 0; i < 4; ++i) {
      const auto rank = maker.process("rank " + std::to_string(i),
                                      "node " + std::to_string(i / 2) + ", pp 0, dp 0, cp 0, tp 0, ep 0", i);
      maker.slice(maker.track(rank, "compute"), 0, 10, "gemm");
    }
    auto opened = std::make_shared<Opened>();
    opened->model = maker.finish();
    window.show_opened("/nowhere/nodes.json", opened);
    state().show_all();
    tree().setFocus();
    state().set_current_lane(0);
  }

  TrackTree& tree() { return window.timeline().tree(); }
  void press(Qt::Key key, Qt::KeyboardModifiers with = Qt::NoModifier) { QTest::keyClick(&tree(), key, with); }
  std::vector<std::string> heads() {
    std::vector<std::string> paths;
    for (const Lane& lane : state().scene().lanes.all())
      if (lane.is_head()) paths.push_back(lane.path);
    return paths;
  }
};

using Paths = std::vector<std::string>;

TEST_F(NodeTree, KeysCollapseExpandAndPinANode) {
  EXPECT_EQ(heads().front(), "node/0");
  press(Qt::Key_Left);
  EXPECT_EQ(heads(), (Paths{"node/0", "node/1", "rank 2", "rank 3"}));
  press(Qt::Key_Right);
  EXPECT_EQ(heads(), (Paths{"node/0", "rank 0", "rank 1", "node/1", "rank 2", "rank 3"}));
  press(Qt::Key_P);
  ASSERT_EQ(state().scene().lanes.pinned().size(), 1u);
  EXPECT_EQ(state().scene().lanes.pinned()[0].path, "node/0");
  press(Qt::Key_P);
  EXPECT_TRUE(state().scene().lanes.pinned().empty());
}

TEST_F(NodeTree, AltAndDownMovesANode) {
  press(Qt::Key_Down, Qt::AltModifier);
  EXPECT_EQ(heads(), (Paths{"node/1", "rank 2", "rank 3", "node/0", "rank 0", "rank 1"}));
  EXPECT_EQ(state().scene().lanes.all()[static_cast<std::size_t>(state().current_lane())].path, "node/0");
}

TEST_F(NodeTree, AClickCollapsesAndADragMovesANode) {
  const auto& lanes = state().scene().lanes.all();
  const QPoint first(60, lanes[0].y + 8);
  QTest::mouseClick(&tree(), Qt::LeftButton, {}, first);
  EXPECT_EQ(heads().size(), 4u);
  QTest::mouseClick(&tree(), Qt::LeftButton, {}, first);
  EXPECT_EQ(heads().size(), 6u);
  const int end = state().scene().lanes.height() - 4;
  drag(tree(), first, {60, end});
  EXPECT_EQ(heads().front(), "node/1");
}

// A search leads into what is collapsed.
TEST_F(NodeTree, WhatIsWithinACollapsedNodeIsRevealed) {
  press(Qt::Key_Left);
  state().reveal_track(1);
  EXPECT_EQ(heads().size(), 6u);
}

TEST_F(NodeTree, ScreenReadersFindACollapsedNode) {
  press(Qt::Key_Left);
  QAccessibleInterface* access = QAccessible::queryAccessibleInterface(&canvas());
  ASSERT_NE(access, nullptr);
  ASSERT_GT(access->childCount(), 0);
  QAccessibleInterface* node = access->child(0);
  EXPECT_EQ(node->text(QAccessible::Name), "node 0  (2 ranks)");
  EXPECT_EQ(node->role(), QAccessible::Row);
  EXPECT_TRUE(node->state().collapsed);
  EXPECT_FALSE(node->state().expanded);
  ASSERT_EQ(node->childCount(), 1);
  EXPECT_TRUE(node->child(0)->text(QAccessible::Name).contains("gemm"));
  EXPECT_EQ(tree().accessibleDescription(), "node 0  (2 ranks), collapsed");
  press(Qt::Key_Right);
  EXPECT_EQ(tree().accessibleDescription(), "node 0  (2 ranks), expanded");
  press(Qt::Key_Down);
  EXPECT_EQ(tree().accessibleDescription(), "rank 0, expanded");
}

}  // namespace
}  // namespace orrery::gui
