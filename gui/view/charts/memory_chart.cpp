#include "gui/view/charts/memory_chart.h"

#include <QChart>
#include <QChartView>
#include <QLegend>
#include <QLineSeries>
#include <QVBoxLayout>
#include <QValueAxis>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/charts/kit/chart_style.h"
#include "gui/view/charts/kit/round_axis.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {
namespace {

constexpr double kGi = 1024.0 * 1024 * 1024;

// Of the axis: what the ruler says as well.
struct Unit {
  double ns;
  const char* name;
};
Unit unit_of(TimeRange range) {
  if (range.length() >= 1'000'000'000) return {1e9, "time, s"};
  return range.length() >= 1'000'000 ? Unit{1e6, "time, ms"} : Unit{1e3, "time, us"};
}

// Points, so that a step of the curve stays a step.
QList<QPointF> points_of(const Counter& counter, TimeRange view, int count, double unit_ns) {
  std::vector<double> sum(static_cast<std::size_t>(count), 0), part(sum.size());
  for (const Series& series : counter.series) {
    series.sample(view, part);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  QList<QPointF> points;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double at =
        static_cast<double>(view.begin) + (static_cast<double>(i) + 0.5) / count * static_cast<double>(view.length());
    points << QPointF(at / unit_ns, sum[i] / kGi);
  }
  return points;
}

}  // namespace

MemoryChart::MemoryChart(TimelineState& state, QWidget* parent) : ChartPanel(state, tr("Memory over time"), parent) {}

QChart* MemoryChart::make_chart() {
  const TraceModel& model = state_.model();
  const Theme& theme = *state_.scene().theme;
  const TimeRange range = state_.scene().viewport.view();
  const Unit unit = unit_of(range);
  auto* chart = new QChart;
  double top = 0, limit = 0;
  std::size_t ranks = 0;
  for (const Counter& counter : model.counters()) {
    if (!counter.name.starts_with("memory") || ranks == kMostRanks) continue;
    auto* line = new QLineSeries;
    line->setName(q(model.processes()[counter.process].name));
    line->replace(points_of(counter, range, kPoints, unit.ns));
    line->setPen(QPen(theme.series[ranks % theme.series.size()], 1.6));
    chart->addSeries(line);
    top = std::max(top, counter.highest / kGi);
    limit = counter.limit / kGi;
    ++ranks;
  }
  if (limit > 0) {
    auto* line = new QLineSeries;
    line->setName(tr("GPU memory"));
    line->append(static_cast<double>(range.begin) / unit.ns, limit);
    line->append(static_cast<double>(range.end) / unit.ns, limit);
    line->setPen(QPen(theme.critical, 1.4, Qt::DashLine));
    chart->addSeries(line);
  }
  if (ranks == 0) {
    chart->setTitle(tr("This trace has no memory counters"));
    return chart;
  }
  auto* across = new QValueAxis;
  across->setRange(static_cast<double>(range.begin) / unit.ns, static_cast<double>(range.end) / unit.ns);
  across->setTitleText(unit.name);
  across->setLabelFormat("%g");
  across->setTickType(QValueAxis::TicksDynamic);
  across->setTickInterval(static_cast<double>(ticks_of(range, view_->width(), 130).step) / unit.ns);
  auto* up = round_axis(tr("GiB"), 0, std::max(top, limit));
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(up, Qt::AlignLeft);
  for (QAbstractSeries* series : chart->series()) {
    series->attachAxis(across);
    series->attachAxis(up);
  }
  return chart;
}

}  // namespace orrery::gui
