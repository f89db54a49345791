// The form of a scenario.
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTreeWidget>

#include "gui/view/scenario/scenario_panel.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

class Form : public Window {
 protected:
  void SetUp() override {
    Window::SetUp();
    window.open(file);
    wait();
    key(Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
  }
  void wait() {
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000));
  }
  ScenarioPanel& panel() { return window.scenario(); }
  QTreeWidget& keys() { return *panel().findChild<QTreeWidget*>("Keys of the scenario"); }
  QTreeWidget& changes() { return *panel().findChild<QTreeWidget*>("What the last run changed"); }
  QTreeWidgetItem* row(const QString& name) { return keys().findItems(name, Qt::MatchExactly | Qt::MatchRecursive)[0]; }

  const QString file = QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml";
};

TEST_F(Form, IsShownOnAKeyWithWhatIsWritten) {
  EXPECT_FALSE(window.findChild<QDockWidget*>("scenario")->isHidden());
  EXPECT_EQ(row("global_batch")->text(1), "8");
  EXPECT_FALSE(row("global_batch")->isHidden());
  EXPECT_TRUE(row("seed")->isHidden()) << "not written";
  panel().findChild<QLineEdit*>()->setText("seed");
  EXPECT_FALSE(row("seed")->isHidden()) << "looked for";
  key(Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_TRUE(window.findChild<QDockWidget*>("scenario")->isHidden());
}

// Without a scenario there is nothing to run, and one that cannot be read says why.
TEST(ScenarioPanel, SaysWhatItIsForAndWhatIsWrong) {
  ScenarioPanel panel;
  panel.show();
  for (const QPushButton* button : panel.findChildren<QPushButton*>()) EXPECT_FALSE(button->isEnabled());
  const auto says = [&](const QString& text) {
    const auto labels = panel.findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel* label) { return label->isVisible() && label->text().contains(text); });
  };
  EXPECT_TRUE(says("open its .yaml"));
  panel.show_scenario("/nowhere/my.yaml", {});
  EXPECT_TRUE(says("/nowhere/my.yaml"));
}

// Typing a value, with the keyboard alone.
TEST_F(Form, AValueIsTypedAndCheckedAtOnce) {
  keys().setFocus();
  keys().setCurrentItem(row("global_batch"));
  QTest::keyClick(&keys(), Qt::Key_Return);
  auto* editor = keys().viewport()->findChild<QLineEdit*>();
  ASSERT_NE(editor, nullptr);
  editor->selectAll();
  QTest::keyClicks(editor, "many");
  QTest::keyClick(editor, Qt::Key_Return);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !panel().message_at("training.global_batch").isEmpty(); }, 20'000));
  EXPECT_TRUE(panel().message_at("training.global_batch").contains("many"));
  QSignalSpy spy(&panel(), &ScenarioPanel::run_requested);
  key(Qt::Key_Return, Qt::ControlModifier);
  EXPECT_EQ(spy.count(), 0) << "it cannot be run";
}

// Twice the micro-batches: the bubble of (p-1)/(m+p-1) falls from 3/11 to 3/19, and the panel says so.
TEST_F(Form, RunsAgainAndTellsWhatChanged) {
  EXPECT_TRUE(changes().isHidden());
  panel().set_value("training.global_batch", "16");
  EXPECT_EQ(panel().message_at("training.global_batch"), QString());
  key(Qt::Key_Return, Qt::ControlModifier);
  EXPECT_TRUE(window.is_opening());
  wait();
  const auto bubble = changes().findItems("Bubble", Qt::MatchExactly);
  ASSERT_EQ(bubble.size(), 1);
  EXPECT_EQ(bubble[0]->text(1), "27.1 %");
  EXPECT_EQ(bubble[0]->text(2), "15.8 %");
  EXPECT_TRUE(bubble[0]->text(3).startsWith("-11."));
  EXPECT_EQ(panel().form().changes().size(), 1u) << "what was edited stays";
}

}  // namespace
}  // namespace orrery::gui
