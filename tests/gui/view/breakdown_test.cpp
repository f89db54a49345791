// The breakdown of what others wrote.
#include <QAbstractBarSeries>
#include <QBarCategoryAxis>
#include <QBarSet>
#include <QChart>
#include <QChartView>

#include "gui/view/charts/breakdown_chart.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

// A profile that says which rank it is of has no stream of ours, and what its streams did counts all the same.
TEST_F(Window, TheBreakdownShowsProfilesOfRanks) {
  TraceMaker maker;
  const auto gpu = maker.track(maker.process("rank 3"), "stream 7");
  maker.slice(gpu, 0, 100, "step", "gpu_user_annotation");
  maker.slice(gpu, 10, 40, "gemm", "kernel");
  // Two of one name, which a chart would take for one, and one that only has annotations.
  maker.slice(maker.track(maker.process("python", "CPU"), "thread"), 0, 100, "aten::mm", "cpu_op");
  maker.slice(maker.track(maker.process("python", "GPU 0"), "stream 7"), 0, 20, "gemm", "kernel");
  maker.slice(maker.track(maker.process("Spans"), "thread"), 0, 100, "profiler", "user_annotation");
  auto opened = std::make_shared<Opened>();
  opened->model = maker.finish();
  window.show_opened("/nowhere/kineto.json", opened);
  state().show_all();
  auto* const breakdown = window.findChild<BreakdownChart*>();
  breakdown->refill();
  QChart* const chart = breakdown->findChild<QChartView*>()->chart();
  ASSERT_EQ(chart->series().size(), 1);
  auto* const categories = qobject_cast<QBarCategoryAxis*>(chart->axes(Qt::Vertical).value(0));
  ASSERT_NE(categories, nullptr);
  QStringList names = categories->categories();
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (QStringList{"python CPU", "python GPU 0", "rank 3"}));
  const auto sets = qobject_cast<QAbstractBarSeries*>(chart->series()[0])->barSets();
  ASSERT_EQ(sets.size(), 2);
  EXPECT_EQ(sets[0]->label(), "compute");
  EXPECT_EQ(sets[1]->label(), "host");
  EXPECT_EQ(sets[0]->count(), 3);
  EXPECT_NEAR(sets[0]->sum(), 60, 0.1);  // in us
  EXPECT_NEAR(sets[1]->sum(), 100, 0.1);
}

}  // namespace
}  // namespace orrery::gui
