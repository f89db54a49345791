// Each key of the timeline does what the overview says.
#include <QDialog>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QStatusBar>
#include <QTableWidget>
#include <QToolButton>

#include "gui/view/panels/finder.h"
#include "gui/view/panels/keys_dialog.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

TEST_F(Window, WAndSZoom) {
  const Ns all = view().length();
  key(Qt::Key_W);
  EXPECT_LT(view().length(), all);
  key(Qt::Key_S);
  EXPECT_NEAR(static_cast<double>(view().length()), static_cast<double>(all), 10);
}

TEST_F(Window, TheKeyboardZoomsAtThePointer) {
  const QPoint at(300, 60);
  move(canvas(), at);
  const Ns under = state().scene().viewport.at(300);
  key(Qt::Key_W);
  EXPECT_NEAR(static_cast<double>(state().scene().viewport.at(300)), static_cast<double>(under),
              state().scene().viewport.ns_per_pixel());
}

TEST_F(Window, AAndDAndArrowsPan) {
  state().show({40'000'000, 50'000'000});
  const Ns begin = view().begin;
  key(Qt::Key_D);
  const Ns right = view().begin;
  EXPECT_GT(right, begin);
  key(Qt::Key_A);
  EXPECT_EQ(view().begin, begin);
  key(Qt::Key_Right);
  EXPECT_EQ(view().begin, right);
  key(Qt::Key_Left);
  EXPECT_EQ(view().begin, begin);
}

TEST_F(Window, ArrowsAndPagesScroll) {
  window.resize(1200, 420);
  QTest::qWait(1);
  ASSERT_GT(state().most_scroll(), 0);
  key(Qt::Key_Down);
  EXPECT_GT(state().scene().scroll, 0);
  key(Qt::Key_Up);
  EXPECT_EQ(state().scene().scroll, 0);
  key(Qt::Key_PageDown);
  EXPECT_GT(state().scene().scroll, 0);
  key(Qt::Key_PageUp);
  EXPECT_EQ(state().scene().scroll, 0);
}

TEST_F(Window, HomeAndZeroShowTheWholeTrace) {
  for (const Qt::Key k : {Qt::Key_Home, Qt::Key_0}) {
    state().show({1'000'000, 2'000'000});
    key(k);
    EXPECT_EQ(view(), model().extent());
  }
}

TEST_F(Window, EndShowsTheLastStep) {
  key(Qt::Key_End);
  EXPECT_GT(view().begin, 48'000'000);
  EXPECT_EQ(view().end, model().extent().end);
}

TEST_F(Window, BackspaceGoesThroughTheZoomHistory) {
  state().show({1'000'000, 2'000'000});
  key(Qt::Key_Backspace);
  EXPECT_EQ(view(), model().extent());
  key(Qt::Key_Backspace, Qt::ShiftModifier);
  EXPECT_EQ(view(), (TimeRange{1'000'000, 2'000'000}));
}

TEST_F(Window, CommaAndDotStepAlongTheTrack) {
  state().select(event(0, 10));
  key(Qt::Key_Period);
  EXPECT_EQ(state().selected(), event(0, 11));
  key(Qt::Key_Comma);
  key(Qt::Key_Comma);
  EXPECT_EQ(state().selected(), event(0, 9));
}

TEST_F(Window, FFitsTheSelectionAndGoesBack) {
  state().select(event(0, 10));
  key(Qt::Key_F);
  EXPECT_LT(view().length(), 3'000'000);
  EXPECT_LE(view().begin, model().range(event(0, 10)).begin);
  key(Qt::Key_F);
  EXPECT_EQ(view(), model().extent());
}

TEST_F(Window, RMakesAnAreaAndZZoomsToIt) {
  state().select(event(0, 10));
  key(Qt::Key_R);
  ASSERT_TRUE(state().area());
  EXPECT_EQ(state().area()->range, model().range(event(0, 10)));
  key(Qt::Key_Z);
  EXPECT_EQ(view(), model().range(event(0, 10)));
}

TEST_F(Window, ShiftRMakesAnAreaOfTheView) {
  state().show({3'000'000, 8'000'000});
  key(Qt::Key_R, Qt::ShiftModifier);
  ASSERT_TRUE(state().area());
  EXPECT_EQ(state().area()->range, (TimeRange{3'000'000, 8'000'000}));
  EXPECT_EQ(state().area_tracks().size(), 6u);
}

TEST_F(Window, XMeasuresBetweenWhatWasSelected) {
  state().select(event(0, 10));
  key(Qt::Key_X);
  EXPECT_EQ(state().measure(), model().range(event(0, 10)));
  state().select(event(0, 4));
  key(Qt::Key_X);
  EXPECT_EQ(state().measure(), (TimeRange{model().range(event(0, 4)).begin, model().range(event(0, 10)).end}));
}

TEST_F(Window, EscapeClears) {
  state().select(event(0, 10));
  state().area_from_selection();
  key(Qt::Key_Escape);
  EXPECT_TRUE(state().selected().is_none());
  EXPECT_FALSE(state().area());
}

TEST_F(Window, ControlAndBracketsFollowDependencies) {
  const EventRef send = model().innermost(2, 700'000), receive = model().innermost(5, 700'000);
  state().select(send);
  key(Qt::Key_BracketRight, Qt::ControlModifier);
  EXPECT_EQ(state().selected(), receive);
  key(Qt::Key_BracketLeft, Qt::ControlModifier);
  EXPECT_EQ(state().selected(), send);
}

TEST_F(Window, ABubbleLeadsBackToItsCause) {
  const EventRef bubble = model().innermost(4, 800'000);
  ASSERT_EQ(model().class_of(bubble), EventClass::bubble);
  state().select(bubble);
  key(Qt::Key_BracketLeft, Qt::ControlModifier);
  EXPECT_EQ(model().name(state().selected()), "receive activation");
}

TEST_F(Window, SlashSearchesAndEnterGoesOn) {
  key(Qt::Key_Slash);
  auto* line = window.findChild<QLineEdit*>("search");
  ASSERT_TRUE(line->hasFocus());
  QTest::keyClicks(line, "FC2");
  QTest::keyClick(line, Qt::Key_Return);
  EXPECT_EQ(state().scene().hits.count(), 100u);
  const EventRef first = state().selected();
  EXPECT_EQ(model().name(first), "fc2");
  QTest::keyClick(line, Qt::Key_Return);
  QTest::keyClick(line, Qt::Key_Return);
  EXPECT_GT(model().range(state().selected()).begin, model().range(first).begin);
  QTest::keyClick(line, Qt::Key_Return, Qt::ShiftModifier);
  QTest::keyClick(line, Qt::Key_Return, Qt::ShiftModifier);
  EXPECT_EQ(state().selected(), first);
  QTest::keyClick(line, Qt::Key_Escape);
  EXPECT_TRUE(canvas().hasFocus());
}

TEST_F(Window, TheSearchTakesRegularExpressionsAndCounts) {
  key(Qt::Key_Slash);
  auto* line = window.findChild<QLineEdit*>("search");
  QTest::keyClicks(line, "fc[12]");
  QTest::keyClick(line, Qt::Key_Return);
  EXPECT_EQ(state().scene().hits.count(), 0u) << "letters, unless it is said that they are more";
  for (QToolButton* button : window.findChildren<QToolButton*>())
    if (button->text() == ".*") button->click();
  EXPECT_GE(state().scene().hits.count(), 200u);
  bool told = false;
  for (const QLabel* label : window.findChildren<QLabel*>())
    told |= label->text().contains(QString::number(state().scene().hits.count()));
  EXPECT_TRUE(told);
}

TEST_F(Window, LettersInTheSearchAreLetters) {
  key(Qt::Key_Slash);
  auto* line = window.findChild<QLineEdit*>("search");
  QTest::keyClicks(line, "wsadfc");
  EXPECT_EQ(line->text(), "wsadfc");
  EXPECT_EQ(view(), model().extent());
}

TEST_F(Window, ControlPFindsATrack) {
  key(Qt::Key_P, Qt::ControlModifier);
  auto* finder = window.findChild<Finder*>();
  ASSERT_NE(finder, nullptr);
  auto* line = finder->findChild<QLineEdit*>();
  QTest::keyClicks(line, "1compute");
  QTest::keyClick(line, Qt::Key_Return);
  const auto& lane = state().scene().lanes.all()[static_cast<std::size_t>(state().current_lane())];
  EXPECT_EQ(lane.path, "rank 1/compute");
}

TEST_F(Window, ThePaletteRunsCommands) {
  state().show({1'000'000, 2'000'000});
  key(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
  auto* finder = window.findChild<Finder*>();
  ASSERT_NE(finder, nullptr);
  auto* line = finder->findChild<QLineEdit*>();
  QTest::keyClicks(line, "whole trace");
  QTest::keyClick(line, Qt::Key_Return);
  EXPECT_EQ(view(), model().extent());
}

TEST_F(Window, MPutsANote) {
  state().select(event(0, 3));
  key(Qt::Key_M);
  auto* dialog = window.findChild<QInputDialog*>();
  ASSERT_NE(dialog, nullptr);
  dialog->setTextValue("look here");
  dialog->accept();
  ASSERT_EQ(state().notes().size(), 1u);
  EXPECT_EQ(state().notes()[0].when, 3'000'000);
}

TEST_F(Window, CShowsTheCriticalPath) {
  EXPECT_FALSE(state().scene().show_critical);
  key(Qt::Key_C);
  EXPECT_TRUE(state().scene().show_critical);
  key(Qt::Key_C);
  EXPECT_FALSE(state().scene().show_critical);
}

// A profile does not say its critical path: the first time it is looked for, beside the
// window's work; where a trace tells too little, the window says so.
TEST_F(Window, CFindsThePathOfAProfileOrSaysWhyNot) {
  const auto open = [&](bool arrows) {
    using Point = interop::TraceFlowPoint::Kind;
    TraceMaker maker;
    const auto host = maker.track(maker.process("python"), "thread 1"),
               gpu = maker.track(maker.process("GPU 0"), "stream 7");
    maker.slice(host, 0, 10, "launch", "cuda_runtime");
    maker.slice(gpu, 20, 50, "kernel", "kernel");
    if (arrows) maker.flow(1, Point::start, host, 5);
    if (arrows) maker.flow(1, Point::end, gpu, 20);
    const auto opened = std::make_shared<Opened>();
    opened->model = maker.finish();
    window.show_opened("/nowhere/profile.json", opened);
    key(Qt::Key_C);
  };
  open(true);
  ASSERT_TRUE(QTest::qWaitFor([&] { return state().has_critical(); }, 10'000));
  EXPECT_TRUE(state().scene().show_critical);
  EXPECT_EQ(state().scene().critical.count(), 2u);
  open(false);
  ASSERT_TRUE(QTest::qWaitFor([&] { return window.statusBar()->currentMessage().contains("no arrows"); }, 10'000));
  EXPECT_FALSE(state().has_critical());
}

TEST_F(Window, AQuestionMarkShowsEveryKey) {
  key(Qt::Key_F1);
  delete window.findChild<KeysDialog*>();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  QTest::keyClick(&canvas(), '?', Qt::ShiftModifier);
  auto* dialog = window.findChild<KeysDialog*>();
  ASSERT_NE(dialog, nullptr);
  const auto* table = dialog->findChild<QTableWidget*>();
  for (const Command& command : window.commands()) {
    if (command.keys.isEmpty()) continue;
    EXPECT_FALSE(table->findItems(command.title, Qt::MatchExactly).isEmpty()) << command.title.toStdString();
  }
}

// A key that two commands want would do neither.
TEST_F(Window, NoKeyIsTakenTwice) {
  QList<QKeySequence> taken;
  for (const Command& command : window.commands())
    for (const QKeySequence& one : command.keys) {
      EXPECT_FALSE(taken.contains(one)) << one.toString().toStdString();
      taken << one;
    }
}

TEST_F(Window, TheTreeCollapsesExpandsAndPins) {
  TrackTree& tree = window.timeline().tree();
  tree.setFocus();
  state().set_current_lane(0);
  const std::size_t all = state().scene().lanes.all().size();
  QTest::keyClick(&tree, Qt::Key_Left);
  EXPECT_LT(state().scene().lanes.all().size(), all);
  QTest::keyClick(&tree, Qt::Key_Right);
  EXPECT_EQ(state().scene().lanes.all().size(), all);
  QTest::keyClick(&tree, Qt::Key_Down);
  QTest::keyClick(&tree, Qt::Key_P);
  EXPECT_EQ(state().scene().lanes.pinned().size(), 1u);
  QTest::keyClick(&tree, Qt::Key_P);
  EXPECT_EQ(state().scene().lanes.pinned().size(), 0u);
}

TEST_F(Window, AltAndArrowsMoveATrack) {
  TrackTree& tree = window.timeline().tree();
  tree.setFocus();
  const auto path_at = [&](std::size_t i) { return state().scene().lanes.all()[i].path; };
  const std::string first = path_at(1), second = path_at(2);
  state().set_current_lane(1);
  QTest::keyClick(&tree, Qt::Key_Down, Qt::AltModifier);
  EXPECT_EQ(path_at(1), second);
  EXPECT_EQ(path_at(2), first);
  EXPECT_EQ(state().current_lane(), 2) << "it is still the one";
  QTest::keyClick(&tree, Qt::Key_Up, Qt::AltModifier);
  QTest::keyClick(&tree, Qt::Key_Up, Qt::AltModifier);
  EXPECT_EQ(path_at(1), first) << "and no further than the first";
}

}  // namespace
}  // namespace orrery::gui
