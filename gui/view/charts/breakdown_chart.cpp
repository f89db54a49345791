#include "gui/view/charts/breakdown_chart.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QChart>
#include <QChartView>
#include <QHorizontalStackedBarSeries>
#include <QLegend>
#include <QVBoxLayout>
#include <QValueAxis>

#include "gui/model/ask/area.h"
#include "gui/model/ask/ticks.h"
#include "gui/view/charts/chart_style.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {

BreakdownChart::BreakdownChart(TimelineState& state, QWidget* parent)
    : ChartPanel(state, tr("Time by class for every rank; the same numbers are under Totals"), parent) {
  connect(&state_, &TimelineState::area_changed, this, [this] { refill_soon(); });
}

QChart* BreakdownChart::make_chart() {
  const TraceModel& model = state_.model();
  const Theme& theme = *state_.scene().theme;
  const TimeRange range = state_.area() ? state_.area()->range : state_.scene().viewport.view();
  std::vector<std::vector<std::uint32_t>> tracks(model.processes().size());
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) {
    // Transfers beside kernels would count the same time twice: of our traces the compute stream tells it all.
    const Track& track = model.tracks()[i];
    const bool ours = model.processes()[track.process].rank.has_value();
    if (!ours || track.name == "compute") tracks[track.process].push_back(i);
  }
  std::array<QBarSet*, kEventClasses> sets{};
  QStringList names;
  for (std::size_t p = 0; p < tracks.size() && static_cast<std::size_t>(names.size()) < kMostRanks; ++p) {
    if (tracks[p].empty()) continue;
    const AreaTotals totals = totals_of(model, tracks[p], range);
    for (std::size_t c = 0; c < kEventClasses; ++c) {
      if (sets[c] == nullptr) {
        sets[c] = new QBarSet(q(to_string(static_cast<EventClass>(c))));
        sets[c]->setColor(theme.of(static_cast<EventClass>(c)));
        sets[c]->setBorderColor(theme.lanes);
        for (int i = 0; i < names.size(); ++i) sets[c]->append(0);
      }
      sets[c]->append(static_cast<double>(totals.by_class[c]) * 1e-6);
    }
    names.prepend(q(model.processes()[p].name));
  }
  auto* series = new QHorizontalStackedBarSeries;
  for (QBarSet* set : sets) {
    if (set == nullptr) continue;
    // The first rank is at the top, and bars are counted from below.
    QList<qreal> values;
    for (int i = set->count(); i-- > 0;) values << set->at(i);
    const bool any = set->sum() > 0;
    set->remove(0, set->count());
    set->append(values);
    if (any)
      series->append(set);
    else
      delete set;
  }
  auto* chart = new QChart;
  chart->addSeries(series);
  auto* across = new QValueAxis;
  across->setTitleText(tr("ms"));
  across->setLabelFormat("%g");
  across->setTickType(QValueAxis::TicksDynamic);
  across->setTickInterval(static_cast<double>(ticks_of({0, range.length()}, view_->width(), 130).step) * 1e-6);
  auto* down = new QBarCategoryAxis;
  down->append(names);
  chart->addAxis(across, Qt::AlignBottom);
  chart->addAxis(down, Qt::AlignLeft);
  series->attachAxis(across);
  series->attachAxis(down);
  across->setRange(0, static_cast<double>(range.length()) * 1e-6);
  series->setBarWidth(0.72);
  return chart;
}

}  // namespace orrery::gui
