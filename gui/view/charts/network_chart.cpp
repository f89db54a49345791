#include "gui/view/charts/network_chart.h"

#include <QChart>
#include <QChartView>
#include <QLineSeries>
#include <QLogValueAxis>
#include <QTreeWidget>
#include <map>

#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr double kGiga = 1e9;

// A trace and the part of it that is looked at.
struct Part {
  std::shared_ptr<const TraceModel> model;
  TimeRange range;
};
Part part_of(const TimelineState& state) {
  return {state.scene().model, state.area() ? state.area()->range : state.scene().viewport.view()};
}

QPointF place_of(const TransferSize& size) {
  return {static_cast<double>(size.bytes), size.bytes_per_s() / kGiga};
}

}  // namespace

NetworkChart::NetworkChart(TimelineState& state, QWidget* parent)
    : TableChart(state, tr("Bandwidth of transfers by kind and size"),
                 {tr("Transfer"), tr("Bytes"), tr("Count"), tr("A, GB/s"), tr("B, GB/s"), tr("B - A")}, parent) {
  connect(&state_, &TimelineState::area_changed, this, [this] { refill_soon(); });
  compare_with(nullptr);
}

void NetworkChart::compare_with(TimelineState* second) {
  second_ = second;
  for (int column : {4, 5}) table_->setColumnHidden(column, second == nullptr);
  table_->headerItem()->setText(3, second == nullptr ? tr("GB/s") : tr("A, GB/s"));
  if (second != nullptr) connect(second, &TimelineState::picture_changed, this, [this] { refill_soon(); });
  refill_soon();
}

void NetworkChart::fill_table(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b) {
  clear_table();
  const auto rate = [](const TransferSize* size) {
    return size != nullptr ? q(report::significant(size->bytes_per_s() / kGiga, 4)) : QString();
  };
  for (const TransferPair& pair : pairs_of(a, b)) {
    const TransferSize& any = pair.a != nullptr ? *pair.a : *pair.b;
    const QString change = pair.a != nullptr && pair.b != nullptr
                               ? q(report::signed_percent(pair.b->bytes_per_s() / pair.a->bytes_per_s() - 1))
                               : QString();
    add_row({q(any.kind), quantity_text(static_cast<double>(any.bytes), "bytes"), QString("%L1").arg(any.count),
             rate(pair.a), rate(pair.b), change});
  }
}

void NetworkChart::add_lines(QChart& chart, const std::vector<TransferSize>& sizes, const std::set<std::string>& kinds,
                             bool second) {
  const Theme& theme = *state_.scene().theme;
  std::map<std::string, QLineSeries*> lines;
  for (const TransferSize& size : sizes) {
    QLineSeries*& line = lines[size.kind];
    if (line == nullptr) {
      line = new QLineSeries;
      line->setName(second ? tr("%1, B").arg(q(size.kind)) : second_ ? tr("%1, A").arg(q(size.kind)) : q(size.kind));
      chart.addSeries(line);
    }
    line->append(place_of(size));
  }
  for (const auto& [kind, line] : lines) {
    const auto place = static_cast<std::size_t>(std::distance(kinds.begin(), kinds.find(kind)));
    const QColor colour = theme.series[place % theme.series.size()];
    line->setPen(QPen(colour, 1.8, second ? Qt::DashLine : Qt::SolidLine));
    line->setColor(colour);
    line->setPointsVisible(true);
    line->setMarkerSize(second ? 3 : 4);
  }
}

NetworkChart::Question NetworkChart::question() {
  return [this, a = part_of(state_), b = second_ ? part_of(*second_) : Part()](const GoOn& go_on) -> Draw {
    auto of_a = transfers_of(*a.model, a.range, go_on);
    auto of_b = b.model ? transfers_of(*b.model, b.range, go_on) : std::vector<TransferSize>();
    return [this, of_a, of_b] { return make_chart(of_a, of_b); };
  };
}

QChart* NetworkChart::make_chart(const std::vector<TransferSize>& a, const std::vector<TransferSize>& b) {
  auto* chart = new QChart;
  fill_table(a, b);
  std::set<std::string> kinds;  // the same colour in both traces
  double left = 1e300, right = 0, low = 1e300, high = 0;
  for (const auto* sizes : {&a, &b})
    for (const TransferSize& size : *sizes) {
      kinds.insert(size.kind);
      const QPointF at = place_of(size);
      left = std::min(left, at.x()), right = std::max(right, at.x());
      low = std::min(low, at.y()), high = std::max(high, at.y());
    }
  const bool none = a.empty() && b.empty();
  say(none ? tr("No transfer in view says its kind and its bytes.") : QString());
  if (none) return chart;
  QLogValueAxis* across = log_axis(tr("bytes of a message"), left, right, 1000);
  QLogValueAxis* up = log_axis(tr("GB/s"), low, high);
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(up, Qt::AlignLeft);
  add_lines(*chart, a, kinds, false);
  add_lines(*chart, b, kinds, true);
  for (QAbstractSeries* series : chart->series()) {
    series->attachAxis(across);
    series->attachAxis(up);
  }
  return chart;
}

}  // namespace orrery::gui
