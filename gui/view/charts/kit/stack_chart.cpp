#include "gui/view/charts/kit/stack_chart.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QChart>
#include <QHorizontalStackedBarSeries>
#include <QLineSeries>
#include <QValueAxis>
#include <algorithm>
#include <numeric>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {
namespace {

constexpr int kTickPixels = 130, kUsualWidth = 1000;

struct Scale {
  double per = 1;  // of the value
  const char* name = "";
};

Scale scale_of(Unit unit, double end) {
  if (unit == Unit::bytes) return {1024.0 * 1024 * 1024, "GiB"};
  if (unit != Unit::seconds) return {};
  return end >= 1 ? Scale{1, "time, s"} : end >= 1e-3 ? Scale{1e-3, "time, ms"} : Scale{1e-6, "time, us"};
}

double length(const Stack::Bar& bar) {
  return std::accumulate(bar.values.begin(), bar.values.end(), 0.0);
}

double end_of(const Stack& stack) {
  double longest = stack.limit.value_or(0);
  for (const Stack::Bar& bar : stack.bars) longest = std::max(longest, length(bar));
  return longest * 1.03;
}

QColor colour_of(const Stack& stack, std::size_t part, const Theme& theme) {
  const auto& is = stack.parts[part].is;
  return is ? theme.of(*is) : theme.series[part % theme.series.size()];
}

// Steps of time are round nanoseconds; others are rounded the same way.
double tick_of(double end, int width) {
  constexpr double kFine = 1e9;
  const auto whole = static_cast<Ns>(end * kFine);
  return static_cast<double>(ticks_of({0, std::max<Ns>(1, whole)}, width, kTickPixels).step) / kFine;
}

QHorizontalStackedBarSeries* bars_of(const Stack& stack, std::size_t bars, const Theme& theme, double per) {
  auto* series = new QHorizontalStackedBarSeries;
  for (std::size_t part = 0; part < stack.parts.size(); ++part) {
    QList<qreal> values;
    double sum = 0;
    for (std::size_t bar = bars; bar-- > 0;) {  // counted from below
      const double value = part < stack.bars[bar].values.size() ? stack.bars[bar].values[part] : 0;
      values << value / per;
      sum += value;
    }
    if (sum <= 0) continue;
    auto* set = new QBarSet(q(stack.parts[part].name));
    set->setColor(colour_of(stack, part, theme));
    set->setBorderColor(theme.lanes);
    set->append(values);
    series->append(set);
  }
  series->setBarWidth(0.72);
  return series;
}

QLineSeries* limit_of(const Stack& stack, std::size_t bars, const Theme& theme, double per) {
  auto* line = new QLineSeries;
  line->setName(q(stack.limit_name));
  line->append(*stack.limit / per, -0.5);
  line->append(*stack.limit / per, static_cast<double>(bars) - 0.5);
  line->setPen(QPen(theme.critical, 1.6, Qt::DashLine));
  return line;
}

}  // namespace

void fit_ticks(QChart& chart, int width) {
  for (QAbstractAxis* axis : chart.axes(Qt::Horizontal))
    if (auto* across = qobject_cast<QValueAxis*>(axis))
      across->setTickInterval(tick_of(across->max() - across->min(), width));
}

QChart* stack_chart(const Stack& stack, const Theme& theme, double end) {
  if (end <= 0) end = end_of(stack);
  const std::size_t bars = std::min(kMostBars, stack.bars.size());
  const Scale scale = scale_of(stack.unit, end);
  auto* chart = new QChart;
  auto* across = new QValueAxis;
  across->setTitleText(scale.name);
  across->setLabelFormat("%g");
  across->setTickType(QValueAxis::TicksDynamic);
  auto* down = new QBarCategoryAxis;
  for (std::size_t bar = bars; bar-- > 0;) down->append(q(stack.bars[bar].name));
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(down, Qt::AlignLeft);
  const auto add = [&](QAbstractSeries* series) {
    chart->addSeries(series);
    series->attachAxis(across);
    series->attachAxis(down);
  };
  add(bars_of(stack, bars, theme, scale.per));
  if (stack.limit) add(limit_of(stack, bars, theme, scale.per));
  across->setRange(0, end / scale.per);
  fit_ticks(*chart, kUsualWidth);
  return chart;
}

}  // namespace orrery::gui
