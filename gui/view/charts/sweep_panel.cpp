#include "gui/view/charts/sweep_panel.h"

#include <QChart>
#include <QChartView>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLegend>
#include <QLegendMarker>
#include <QLineSeries>
#include <QScatterSeries>
#include <QTreeWidget>
#include <QValueAxis>
#include <algorithm>
#include <cmath>

#include "gui/view/charts/kit/chart_style.h"
#include "gui/view/charts/kit/dots.h"
#include "gui/view/charts/kit/round_axis.h"
#include "gui/view/quantity_text.h"
#include "report/sweep/summary.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostListed = 500;
constexpr double kGi = 1024.0 * 1024 * 1024;

// Memory against speed.
QPointF place_of(const sweep::Row& row) {
  return {static_cast<double>(row.outcome.reserved_bytes) / kGi,
          row.outcome.tokens_per_s / std::max(1, row.outcome.gpus)};
}

// {"layout.tp": 4, "layout.pp": 2} -> "tp 4, pp 2".
QString short_config(const std::string& json) {
  QString text = q(json);
  text.remove('{').remove('}').remove('"');
  QStringList parts;
  for (const QString& part : text.split(", ")) {
    const QString key = part.section(':', 0, 0).section('.', -1), value = part.section(':', 1).trimmed();
    parts << key + " " + value;
  }
  return parts.join(", ");
}

}  // namespace

SweepPanel::SweepPanel(QWidget* parent) : QWidget(parent), view_(new QChartView(this)), table_(new QTreeWidget(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(view_, 1);
  row->addWidget(table_, 1);
  table_->setHeaderLabels({tr("Point"), tr("Step"), tr("Tokens/s/GPU"), tr("MFU"), tr("GiB"), tr("Fits")});
  table_->setRootIsDecorated(false);
  table_->setAlternatingRowColors(true);
  table_->header()->setStretchLastSection(false);
  table_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->setAccessibleName(tr("Points of the sweep, the best first"));
  connect(table_, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    emit chosen(QString::fromStdString(meta_.file), item->data(0, Qt::UserRole).toULongLong());
  });
}

QString SweepPanel::open(const QString& path, const Theme& theme) {
  const auto store = sweep::Store::read(path.toStdString());
  auto rows = store ? store->rows() : Result<std::vector<sweep::Row>>(store.errors());
  if (!rows) return q(to_string(rows.errors().front()));
  show_sweep(store->meta(), std::move(*rows), theme);
  return {};
}

void SweepPanel::show_sweep(sweep::Meta meta, std::vector<sweep::Row> rows, const Theme& theme) {
  meta_ = std::move(meta);
  rows_ = std::move(rows);
  fill_chart(theme);
  fill_table();
}

void SweepPanel::fill_chart(const Theme& theme) {
  const std::vector<const sweep::Row*> best = report::ranked(rows_, report::natural_objective(rows_));
  auto* fits = dots(tr("fits"), theme.of(EventClass::forward), 7);
  auto* too_large = dots(tr("does not fit"), theme.of(EventClass::other), 6);
  auto* front = new QLineSeries;
  auto* on_front = dots(tr("Pareto front"), theme.critical, 9);
  QList<QPointF> places;
  double right = 0, room = 0;
  for (std::size_t i = 0; i < std::min(kMostPoints, best.size()); ++i) {
    const QPointF at = place_of(*best[i]);
    (best[i]->outcome.fits ? fits : too_large)->append(at);
    places << at;
    right = std::max(right, at.x());
    if (best[i]->outcome.fits) room = std::max(room, at.x());
  }
  // What does not fit by far would press the rest into a corner.
  if (room > 0) right = std::min(right, 3 * room);
  auto* across = round_axis(tr("GiB reserved by the largest rank"), 0, right);
  double bottom = INFINITY, top = 0;
  const auto beyond = std::count_if(places.begin(), places.end(), [&](QPointF at) {
    if (at.x() > across->max()) return true;
    bottom = std::min(bottom, at.y()), top = std::max(top, at.y());
    return false;
  });
  if (beyond > 0) across->setTitleText(tr("%1 (points beyond: %2)").arg(across->titleText()).arg(beyond));
  auto* up = round_axis(tr("tokens/s/GPU"), bottom, top);
  QList<QPointF> corners;
  for (const sweep::Row* row : report::pareto_front(rows_)) corners << place_of(*row);
  std::sort(corners.begin(), corners.end(), [](QPointF a, QPointF b) { return a.x() < b.x(); });
  front->append(corners);
  on_front->append(corners);
  front->setPen(QPen(theme.critical, 1.2));

  auto* chart = new QChart;
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(up, Qt::AlignLeft);
  for (QXYSeries* series : std::initializer_list<QXYSeries*>{too_large, fits, front, on_front}) {
    chart->addSeries(series);
    series->attachAxis(across);
    series->attachAxis(up);
    connect(series, &QXYSeries::clicked, this, &SweepPanel::choose_near);
  }
  chart->legend()->setAlignment(Qt::AlignTop);
  for (QLegendMarker* marker : chart->legend()->markers(front)) marker->setVisible(false);
  dress(*chart, theme);
  dress(*view_, theme);
  QChart* old = view_->chart();
  view_->setChart(chart);
  delete old;
}

void SweepPanel::choose_near(QPointF at) {
  const sweep::Row* nearest = nullptr;
  double least = INFINITY;
  for (const sweep::Row& row : rows_) {
    if (row.outcome.status != sweep::Status::ok) continue;
    const QPointF by = place_of(row) - at;
    const double far = std::hypot(by.x(), by.y());
    if (far < least) least = far, nearest = &row;
  }
  if (nearest != nullptr) emit chosen(QString::fromStdString(meta_.file), nearest->index);
}

void SweepPanel::fill_table() {
  table_->clear();
  const std::vector<const sweep::Row*> best = report::ranked(rows_, report::natural_objective(rows_));
  for (std::size_t i = 0; i < std::min(kMostListed, best.size()); ++i) {
    const sweep::Outcome& o = best[i]->outcome;
    auto* item = new QTreeWidgetItem(
        table_, {short_config(best[i]->config), q(report::human_seconds(o.step_time_s)),
                 q(report::significant(o.tokens_per_s / std::max(1, o.gpus))), q(report::percent(o.mfu)),
                 q(report::gib({o.reserved_bytes})), o.fits ? tr("yes") : tr("no")});
    item->setData(0, Qt::UserRole, QVariant::fromValue<qulonglong>(best[i]->index));
    for (int c = 1; c < 6; ++c) item->setTextAlignment(c, Qt::AlignRight);
  }
}

}  // namespace orrery::gui
