// Two traces: compared beside the window's work, and whichever steps are laid on each other.
#include <QComboBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QStatusBar>

#include "gui/view/panels/align_dialog.h"
#include "gui/view/panels/changes_table.h"
#include "gui/view/panels/legend.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/task_bar.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

// The sample has two steps of 50 ms.
class Aligned : public Window {
 protected:
  void SetUp() override {
    Window::SetUp();
    compare_with(sample_trace(900)->model);
    ASSERT_NE(window.compared()->alignment(), nullptr);
  }
  // Numbers of the steps that are laid on each other.
  std::pair<std::int64_t, std::int64_t> steps() {
    wait_for_comparison();
    const Alignment& alignment = *window.compared()->alignment();
    return {alignment.a().number, alignment.b().number};
  }
  TimelineState& second() { return window.compared()->second().state(); }
};
using Steps = std::pair<std::int64_t, std::int64_t>;

TEST_F(Aligned, TheLastStepThatBothHaveIsAlignedAtFirst) {
  EXPECT_EQ(steps(), Steps(1, 1));
}

TEST_F(Aligned, LAlignsTheStepInView) {
  state().show({2'000'000, 9'000'000});
  key(Qt::Key_L);
  EXPECT_EQ(steps(), Steps(0, 0));
  EXPECT_EQ(view(), (TimeRange{2'000'000, 9'000'000})) << "the view stays";
}

TEST_F(Aligned, AltAndArrowsMoveTheSecondByAStep) {
  state().show({60'000'000, 70'000'000});
  key(Qt::Key_Left, Qt::AltModifier);
  EXPECT_EQ(steps(), Steps(1, 0));
  EXPECT_EQ(second().scene().viewport.view(), (TimeRange{10'000'000, 20'000'000}));
  // Partners are of the aligned steps; every other event is a bubble.
  state().select(event(1, 120));
  EXPECT_EQ(second().selected(), event(1, 20));
  key(Qt::Key_Left, Qt::AltModifier);
  EXPECT_EQ(steps(), Steps(1, 0)) << "there is none before the first";
  key(Qt::Key_Right, Qt::AltModifier);
  EXPECT_EQ(steps(), Steps(1, 1));
  EXPECT_EQ(second().selected(), event(1, 120));
}

TEST_F(Aligned, ControlLAsksForBothSteps) {
  key(Qt::Key_L, Qt::ControlModifier);
  auto* dialog = window.findChild<AlignDialog*>();
  ASSERT_NE(dialog, nullptr);
  const auto boxes = dialog->findChildren<QComboBox*>();
  ASSERT_EQ(boxes.size(), 2);
  EXPECT_EQ(boxes[0]->count(), 2);
  boxes[0]->setCurrentIndex(0);
  EXPECT_EQ(boxes[1]->currentIndex(), 0) << "the same number is proposed";
  boxes[1]->setCurrentIndex(1);
  dialog->accept();
  EXPECT_EQ(steps(), Steps(0, 1));
  EXPECT_FALSE(window.compared()->alignment()->a().range.cut(view()).empty()) << "it is shown";
}

TEST_F(Aligned, TheTableComesToTheFront) {
  const auto* table = window.findChild<ChangesTable*>();
  EXPECT_TRUE(QTest::qWaitFor([&] { return !table->visibleRegion().isEmpty(); }, 2'000));
}

TEST_F(Aligned, TheTableIsOfTheAlignedSteps) {
  auto* table = window.findChild<ChangesTable*>();
  const auto found = table->findItems("fc1", Qt::MatchExactly);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0]->text(3), "+7.500 ms");  // 25 of them a rank, 0.3 ms each
  key(Qt::Key_Left, Qt::AltModifier);
  steps();
  EXPECT_TRUE(table->parentWidget()->windowTitle().contains("steps 1, 0"));
}

TEST_F(Aligned, TheLegendExplainsTheSecond) {
  auto* legend = window.findChild<Legend*>();
  EXPECT_TRUE(legend->texts().contains("Second, its step 1 on step 1:"));
  EXPECT_TRUE(legend->texts().contains("twice"));
  EXPECT_FALSE(legend->texts().contains("only there"));
  key(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_TRUE(legend->texts().contains("only there"));
  const int high = legend->height();
  legend->resize(200, high);
  EXPECT_GT(legend->height(), high) << "what has no room goes below";
  key(Qt::Key_D, Qt::ControlModifier);
  EXPECT_FALSE(legend->texts().contains("twice"));
}

TEST_F(Aligned, WhoHasNoSecondIsToldSo) {
  key(Qt::Key_D, Qt::ControlModifier);
  ASSERT_EQ(window.compared(), nullptr);
  key(Qt::Key_L);
  EXPECT_TRUE(window.statusBar()->currentMessage().contains("Ctrl+D"));
  key(Qt::Key_L, Qt::ControlModifier);
  EXPECT_EQ(window.findChild<AlignDialog*>(), nullptr);
}

// A second that is shorter has the scale of the first, wherever that looks.
TEST_F(Aligned, BothRulersHaveOneScale) {
  TraceMaker maker;
  maker.slice(maker.track(maker.process("rank 0"), "compute"), 0, 100);
  compare_with(maker.finish());
  for (const TimeRange range : {model().extent(), TimeRange{70'000'000, 80'000'000}}) {
    state().show(range);
    const Ns later = window.compared()->alignment()->later();
    EXPECT_EQ(second().scene().viewport.view(), (TimeRange{range.begin + later, range.end + later}));
  }
}

// The second timeline has the keys of the first.
TEST_F(Aligned, KeysWorkInTheSecondAsWell) {
  Canvas& other = window.compared()->second().canvas();
  other.setFocus();
  const Ns before = view().length();
  QTest::keyClick(&other, Qt::Key_W);
  EXPECT_LT(view().length(), before);
  EXPECT_EQ(second().scene().viewport.view().length(), view().length());
}

// Enough events that comparing takes a while.
std::shared_ptr<const TraceModel> long_trace() {
  TraceMaker maker;
  for (std::uint32_t r = 0; r < 8; ++r) {
    const auto track = maker.track(maker.process("rank " + std::to_string(r)), "compute");
    for (std::int64_t i = 0; i < 100'000; ++i) maker.slice(track, 2 * i, 1, i % 2 == 0 ? "a" : "b");
  }
  return maker.finish();
}

// Such a trace is open, and is being compared with itself.
std::shared_ptr<const TraceModel> compare_long_trace(MainWindow& window) {
  auto opened = std::make_shared<Opened>();
  opened->model = long_trace();
  window.show_opened("/nowhere/long.json", opened);
  window.compare_with(opened->model);
  return opened->model;
}

// While two traces are compared the window goes on, and it does not wait for the thread
// when a person has had enough.
TEST_F(Window, ComparingIsBesideTheWindowsWorkAndIsCancelled) {
  compare_long_trace(window);
  ASSERT_TRUE(window.is_comparing());
  const Ns before = view().length();
  key(Qt::Key_W);
  EXPECT_LT(view().length(), before);
  EXPECT_TRUE(window.is_comparing()) << "a key does not wait for it";
  QPushButton* cancel = nullptr;
  for (TaskBar* bar : window.findChildren<TaskBar*>())
    if (bar->isVisible()) cancel = bar->findChild<QPushButton*>();
  ASSERT_NE(cancel, nullptr);
  cancel->click();
  EXPECT_FALSE(window.is_comparing());
  EXPECT_EQ(window.compared(), nullptr) << "what was never compared goes";
  QTest::qWait(20);
  EXPECT_EQ(window.compared(), nullptr);
}

TEST_F(Window, ComparingTellsHowFarItIs) {
  const auto trace = compare_long_trace(window);
  QSignalSpy told(window.compared(), &CompareView::progress);
  wait_for_comparison();
  ASSERT_GT(told.count(), 3);
  for (int i = 1; i < told.count(); ++i) EXPECT_GE(told[i][0].toDouble(), told[i - 1][0].toDouble());
  EXPECT_EQ(window.compared()->compared()->second->pairing().pairs(), trace->events());
}

}  // namespace
}  // namespace orrery::gui
