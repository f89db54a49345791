#include "gui/view/charts/chart_panel.h"

#include <QChart>
#include <QChartView>
#include <QVBoxLayout>
#include <memory>

#include "gui/view/charts/chart_style.h"

namespace orrery::gui {

ChartPanel::ChartPanel(TimelineState& state, const QString& accessible_name, QWidget* parent)
    : QWidget(parent), state_(state), view_(new QChartView(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(view_);
  setAccessibleName(accessible_name);
  later_.setSingleShot(true);
  later_.setInterval(200);
  connect(&later_, &QTimer::timeout, this, [this] {
    if (isVisible()) refill();
  });
  connect(&state_, &TimelineState::picture_changed, this, [this] { refill_soon(); });
}

void ChartPanel::refill() {
  const Theme& theme = *state_.scene().theme;
  QChart* chart = make_chart();
  chart->legend()->setAlignment(Qt::AlignRight);
  dress(*chart, theme);
  dress(*view_, theme);
  const std::unique_ptr<QChart> old(view_->chart());
  view_->setChart(chart);
}

}  // namespace orrery::gui
