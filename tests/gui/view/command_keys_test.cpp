// Keys of commands that ask for something, or lead elsewhere.
#include <QFileDialog>
#include <QInputDialog>
#include <QTemporaryDir>

#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

TEST_F(Window, TLeadsToTheTracksAndTheTreeFoldsByReturn) {
  key(Qt::Key_T);
  TrackTree& tree = window.timeline().tree();
  ASSERT_TRUE(tree.hasFocus());
  QTest::keyClick(&tree, Qt::Key_Down);
  ASSERT_EQ(state().current_lane(), 0);
  QTest::keyClick(&tree, Qt::Key_Return);
  EXPECT_TRUE(state().scene().lanes.all()[0].collapsed);
}

TEST_F(Window, NAndShiftNGoThroughHits) {
  state().set_hits(Marks(model(), [](std::string_view name) { return name == "fc2"; }));
  key(Qt::Key_N);
  const EventRef first = state().selected();
  EXPECT_EQ(model().name(first), "fc2");
  key(Qt::Key_N);
  EXPECT_NE(state().selected(), first);
  key(Qt::Key_N, Qt::ShiftModifier);
  EXPECT_EQ(state().selected(), first);
}

TEST_F(Window, ControlPlusAndMinusScaleTheText) {
  const double before = QApplication::font().pointSizeF();
  key(Qt::Key_Equal, Qt::ControlModifier);
  EXPECT_GT(QApplication::font().pointSizeF(), before);
  key(Qt::Key_Minus, Qt::ControlModifier);
  EXPECT_EQ(QApplication::font().pointSizeF(), before);
}

// Dialogs come without holding up the window.
TEST_F(Window, KeysOfFilesAskForThem) {
  for (const auto& [letter, with] : {std::pair(Qt::Key_O, Qt::KeyboardModifiers(Qt::ControlModifier)),
                                     {Qt::Key_D, Qt::ControlModifier},
                                     {Qt::Key_E, Qt::ControlModifier}}) {
    key(letter, with);
    auto* dialog = window.findChild<QFileDialog*>();
    ASSERT_NE(dialog, nullptr);
    EXPECT_TRUE(dialog->isVisible());
    delete dialog;
  }
}

TEST_F(Window, ControlEWritesAPictureOfEitherKind) {
  const QTemporaryDir folder;
  for (const char* name : {"a.png", "a.svg"}) {
    key(Qt::Key_E, Qt::ControlModifier);
    auto* dialog = window.findChild<QFileDialog*>();
    ASSERT_NE(dialog, nullptr);
    const QString path = folder.filePath(name);
    emit dialog->fileSelected(path);
    EXPECT_GT(QFileInfo(path).size(), 1'000) << name;
    delete dialog;
  }
}

TEST_F(Window, ControlShiftRAsksForRanksAndControlROpensAgain) {
  const QString file = QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml";
  const auto wait = [&] { ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000)); };
  window.open(file);
  wait();
  key(Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
  auto* dialog = window.findChild<QInputDialog*>();
  ASSERT_NE(dialog, nullptr);
  dialog->setTextValue("1-2");
  dialog->accept();
  wait();
  EXPECT_EQ(model().processes().size(), 2u);
  const auto before = state().scene().model;
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  key(Qt::Key_R, Qt::ControlModifier);
  wait();
  EXPECT_NE(state().scene().model, before);
  EXPECT_EQ(model().processes().size(), 2u) << "as it was opened last";
}

}  // namespace
}  // namespace orrery::gui
