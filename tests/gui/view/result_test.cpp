// Results as pages.
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QMessageBox>
#include <QMimeData>
#include <QTemporaryDir>
#include <QTreeWidget>

#include "gui/view/result/result_view.h"
#include "gui/view/window/render.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

const char* const kResult = R"({"schema_version": 1, "scenario": "mine", "gpus": 2, "step_time_s": 2.0, "mfu": 0.5,
  "time": {"compute_s": 1.5, "bubble_s": 0.5}, "memory": {"capacity_bytes": 100, "reserved_bytes": 60,
  "runtime_bytes": 10, "stages": [{"stage": 0, "rank": 0, "peak_bytes": 60, "parameters_bytes": 60,
  "reserved_bytes": 60}]}, "warnings": ["it is hot"]})";

class Results : public Window {
 protected:
  void SetUp() override {
    Window::SetUp();
    path = folder.filePath("result.json");
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(kResult);
  }
  void wait() {
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000));
  }
  bool says(const QString& text) {
    for (const auto* label : window.page().findChildren<QLabel*>())
      if (label->text() == text) return true;
    return false;
  }

  QTemporaryDir folder;
  QString path;
};

TEST_F(Results, OpenAsAPageWithoutThePanelsOfATimeline) {
  window.open(path);
  wait();
  EXPECT_TRUE(window.shows_page());
  EXPECT_TRUE(says("mine"));
  EXPECT_TRUE(says("2.000 s"));
  EXPECT_TRUE(says("50.0 %"));
  EXPECT_TRUE(says("it is hot"));
  for (const auto* dock : window.findChildren<QDockWidget*>()) EXPECT_TRUE(dock->isHidden());
  EXPECT_EQ(model().events(), 0u) << "what was there before is no part of it";
}

TEST_F(Results, CanBeDropped) {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(path)});
  QDragEnterEvent enter({10, 10}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &enter);
  ASSERT_TRUE(enter.isAccepted());
  QDropEvent drop({10, 10}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &drop);
  wait();
  EXPECT_TRUE(window.shows_page());
}

TEST_F(Results, GiveWayToATimelineAndItsPanels) {
  window.open(path);
  wait();
  window.show_opened("/nowhere/sample.json", sample_trace());
  EXPECT_FALSE(window.shows_page());
  EXPECT_FALSE(window.findChild<QDockWidget*>("totals")->isHidden());
  key(Qt::Key_T, Qt::ControlModifier);
  EXPECT_FALSE(window.shows_page()) << "a trace has none";
}

// However quickly it is read.
TEST_F(Results, OpenEveryTime) {
  for (int i = 0; i < 40; ++i) {
    window.open(path);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000)) << i;
  }
}

TEST_F(Results, AreNoTracesToCompareWith) {
  window.open_second(path);
  ASSERT_TRUE(QTest::qWaitFor([&] { return window.findChild<QMessageBox*>() != nullptr; }, 20'000));
  EXPECT_TRUE(window.findChild<QMessageBox*>()->text().contains("orrery compare"));
  EXPECT_EQ(window.compared(), nullptr);
}

// A run has a timeline and a page, and a key between them.
TEST_F(Results, AScenarioHasAPageBehindItsTimeline) {
  window.open(QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml");
  wait();
  EXPECT_FALSE(window.shows_page());
  key(Qt::Key_T, Qt::ControlModifier);
  EXPECT_TRUE(window.shows_page());
  QTest::keyClick(&window, Qt::Key_T, Qt::ControlModifier);
  EXPECT_FALSE(window.shows_page());
  EXPECT_GT(model().events(), 0u);
}

TEST_F(Results, AreRenderedWhole) {
  OpenWatch watch;
  const auto opened = open_file(path.toStdString(), watch);
  ASSERT_TRUE(opened);
  RenderOptions options;
  options.page = true;
  options.width = 900, options.height = 300;
  options.path = folder.filePath("a.png");
  EXPECT_EQ(render(*opened, options), QString());
  EXPECT_EQ(QImage(options.path).width(), 900);
  EXPECT_GT(QImage(options.path).height(), 600) << "as high as the page is";
  options.path = folder.filePath("a.svg");
  EXPECT_EQ(render(*opened, options), QString());
  EXPECT_GT(QFile(options.path).size(), 10'000);
}

}  // namespace
}  // namespace orrery::gui
