#include "gui/view/charts/roofline_chart.h"

#include <QChart>
#include <QChartView>
#include <QLegendMarker>
#include <QLineSeries>
#include <QLogValueAxis>
#include <QScatterSeries>
#include <QTreeWidget>
#include <cmath>

#include "gui/view/charts/kit/chart_style.h"
#include "gui/view/charts/kit/dots.h"
#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostDots = 500;
constexpr double kTera = 1e12;

QPointF place_of(const KernelWork& kernel) {
  return {kernel.intensity(), kernel.rate() / kTera};
}

QString missing() {
  return QObject::tr(
      "This trace says neither the FLOPs nor the bytes of its kernels (arguments \"flops\" and \"bytes\"). "
      "Of a scenario that is run here both are known: open its .yaml.");
}

}  // namespace

RooflineChart::RooflineChart(TimelineState& state, QWidget* parent)
    : TableChart(
          state, tr("Kernels below the roof of the GPU"),
          {tr("Kernel"), tr("Count"), tr("FLOPs/byte"), tr("TFLOP/s"), tr("Of the roof"), tr("Mean"), tr("In all")},
          parent, 60) {
  connect(table_, &QTreeWidget::itemSelectionChanged, this, &RooflineChart::mark_chosen);
}

void RooflineChart::show_roofline(std::shared_ptr<const Roofline> roofline) {
  roofline_ = std::move(roofline);
  fill_table();
  refill_soon();
}

void RooflineChart::fill_table() {
  clear_table();
  if (!roofline_) return;
  for (const KernelWork& kernel : roofline_->kernels) {
    const double limit = roofline_->limit(kernel);
    add_row({q(kernel.name), QString("%L1").arg(kernel.count), q(report::significant(kernel.intensity(), 3)),
             q(report::significant(kernel.rate() / kTera, 3)),
             limit > 0 ? q(report::percent(kernel.rate() / limit)) : QString(),
             q(report::human_seconds(kernel.seconds)), q(report::human_seconds(kernel.total()))});
  }
}

// A roof rises with the memory's bandwidth and is flat where it meets the peak.
void RooflineChart::add_roofs(QChart& chart, double left, double right) {
  const Theme& theme = *state_.scene().theme;
  for (std::size_t i = 0; i < roofline_->roofs.size(); ++i) {
    const Roof& roof = roofline_->roofs[i];
    const double ridge = roofline_->bytes_per_s > 0 ? roof.flops_per_s / roofline_->bytes_per_s : left;
    auto* line = new QLineSeries;
    line->setName(tr("%1 peak, %2").arg(q(roof.name), quantity_text(roof.flops_per_s, "FLOP/s")));
    if (ridge > left) line->append(left, roofline_->bytes_per_s * left / kTera);
    line->append(std::clamp(ridge, left, right), std::min(roof.flops_per_s, roofline_->bytes_per_s * right) / kTera);
    line->append(right, std::min(roof.flops_per_s, roofline_->bytes_per_s * right) / kTera);
    line->setPen(QPen(theme.series[(i + 3) % theme.series.size()], 1.8));
    chart.addSeries(line);
  }
}

QStringList RooflineChart::notes() const {
  QStringList notes;
  if (roofline_->roofs.size() == 1)
    notes << tr("The roof is %1 in %2.")
                 .arg(quantity_text(roofline_->roofs[0].flops_per_s, "FLOP/s"), q(roofline_->roofs[0].name));
  if (roofline_->memory_bound > 0)
    notes << tr("%L1 kinds of kernels that compute next to nothing are left out; they take %2 in all.")
                 .arg(roofline_->memory_bound)
                 .arg(q(report::human_seconds(roofline_->memory_bound_seconds)));
  return notes;
}

QChart* RooflineChart::make_chart() {
  const Theme& theme = *state_.scene().theme;
  auto* chart = new QChart;
  chosen_ = nullptr;
  if (!roofline_ || roofline_->kernels.empty()) {
    say(missing());
    return chart;
  }
  auto* kernels = dots(tr("a kind of kernel"), theme.of(EventClass::forward), 8);
  double left = 1e300, right = 0, low = 1e300, high = 0;
  for (std::size_t i = 0; i < std::min(kMostDots, roofline_->kernels.size()); ++i) {
    const QPointF at = place_of(roofline_->kernels[i]);
    kernels->append(at);
    left = std::min(left, at.x()), right = std::max(right, at.x());
    low = std::min(low, at.y()), high = std::max(high, at.y());
  }
  for (const Roof& roof : roofline_->roofs) {
    high = std::max(high, roof.flops_per_s / kTera);
    if (roofline_->bytes_per_s > 0) right = std::max(right, roof.flops_per_s / roofline_->bytes_per_s);
  }
  QLogValueAxis* across = log_axis(tr("FLOPs for every byte"), left, right);
  QLogValueAxis* up = log_axis(tr("TFLOP/s"), low, high);
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(up, Qt::AlignLeft);
  add_roofs(*chart, across->min(), across->max());
  chart->addSeries(kernels);
  chosen_ = dots(tr("chosen"), theme.mark, 13);
  chart->addSeries(chosen_);
  for (QAbstractSeries* series : chart->series()) {
    series->attachAxis(across);
    series->attachAxis(up);
  }
  for (QScatterSeries* series : {kernels, chosen_})
    connect(series, &QXYSeries::clicked, this, &RooflineChart::choose_near);
  for (QLegendMarker* marker : chart->legend()->markers(chosen_)) marker->setVisible(false);
  // A legend of one roof takes more room than the kernels below it.
  chart->legend()->setVisible(roofline_->roofs.size() > 1);
  say(notes().join("  "));
  mark_chosen();
  return chart;
}

void RooflineChart::choose_near(QPointF at) {
  double least = INFINITY;
  int nearest = -1;
  for (int i = 0; i < table_->topLevelItemCount(); ++i) {
    const QPointF place = place_of(roofline_->kernels[static_cast<std::size_t>(i)]);
    const double far = std::hypot(std::log(place.x() / at.x()), std::log(place.y() / at.y()));
    if (far < least) least = far, nearest = i;
  }
  if (nearest >= 0) table_->setCurrentItem(table_->topLevelItem(nearest));
}

void RooflineChart::mark_chosen() {
  if (chosen_ == nullptr) return;
  chosen_->clear();
  const int row = table_->indexOfTopLevelItem(table_->currentItem());
  if (row >= 0 && table_->currentItem()->isSelected())
    chosen_->append(place_of(roofline_->kernels[static_cast<std::size_t>(row)]));
}

}  // namespace orrery::gui
