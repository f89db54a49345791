// Every text of the window follows when it is made larger or smaller.
#include <QChart>
#include <QChartView>
#include <QDockWidget>
#include <QLegend>
#include <QPointer>

#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

QDockWidget* dock_named(MainWindow& window, const QString& name) {
  for (QDockWidget* one : window.findChildren<QDockWidget*>())
    if (one->objectName() == name) return one;
  return nullptr;
}

// Lines of pixels between the highest and the lowest that letters of the title touch.
int title_height(QDockWidget& dock) {
  const QImage image = dock.grab().toImage();
  const int title = dock.widget()->geometry().top();
  int first = title, last = -1;
  for (int y = 0; y < title; ++y) {
    bool ink = false;
    for (int x = 0; x < image.width() / 3; ++x) ink = ink || qGray(image.pixel(x, y)) < 100;
    if (!ink) continue;
    first = std::min(first, y), last = y;
  }
  return last - first + 1;
}

TEST_F(Window, EveryTextFollowsTheScale) {
  window.set_theme("light");
  const double points = QApplication::font().pointSizeF();
  std::vector<std::pair<QPointer<QWidget>, double>> before;
  for (QWidget* one : window.findChildren<QWidget*>()) before.emplace_back(one, one->font().pointSizeF());
  window.scale_text(9);
  const double ratio = QApplication::font().pointSizeF() / points;
  ASSERT_GT(ratio, 1.5);
  int looked_at = 0;
  for (const auto& [one, size] : before) {
    if (!one) continue;  // the page of a result is made anew
    EXPECT_NEAR(one->font().pointSizeF(), size * ratio, 1e-6)
        << one->metaObject()->className() << " " << qPrintable(one->accessibleName());
    ++looked_at;
  }
  EXPECT_GT(looked_at, 100);
  window.scale_text(-9);
  for (const auto& [one, size] : before) {
    if (!one) continue;
    EXPECT_NEAR(one->font().pointSizeF(), size, 1e-6) << one->metaObject()->className();
  }
}

TEST_F(Window, TitlesOfPanelsAndChartsFollowTheScale) {
  window.set_theme("light");
  QDockWidget* const breakdown = dock_named(window, "breakdown");
  ASSERT_NE(breakdown, nullptr);
  breakdown->raise();
  auto* const chart = breakdown->findChild<QChartView*>();
  const auto letters = [&] { return chart->chart()->legend()->font().pointSizeF(); };
  ASSERT_TRUE(QTest::qWaitFor([&] { return !chart->chart()->series().isEmpty(); }, 5'000));
  const int title = title_height(*breakdown), room = breakdown->height();
  ASSERT_GT(title, 4);
  const double points = QApplication::font().pointSizeF();
  EXPECT_EQ(letters(), points);
  window.scale_text(9);
  EXPECT_TRUE(QTest::qWaitFor([&] { return letters() == points + 9; }, 5'000));
  EXPECT_GT(title_height(*breakdown), title * 3 / 2);
  EXPECT_GT(breakdown->height(), room);  // for the letters of its axes
  window.scale_text(-9);
}

// What is asked once for a size that was kept is there from the beginning.
TEST_F(Window, TheScaleIsKept) {
  const double points = QApplication::font().pointSizeF();
  window.scale_text(4);
  window.close();
  window.scale_text(-4);
  MainWindow next;
  EXPECT_EQ(QApplication::font().pointSizeF(), points + 4);
  EXPECT_EQ(next.timeline().canvas().font().pointSizeF(), points + 4);
  next.scale_text(-4);
}

}  // namespace
}  // namespace orrery::gui
