#include "gui/view/charts/kit/chart_panel.h"

#include <QChart>
#include <QChartView>
#include <QVBoxLayout>
#include <memory>

#include "gui/view/charts/kit/chart_style.h"

namespace orrery::gui {

ChartPanel::ChartPanel(TimelineState& state, const QString& accessible_name, QWidget* parent)
    : QWidget(parent), state_(state), view_(new QChartView(this)), asker_(new Asker(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(view_);
  setAccessibleName(accessible_name);
  later_.setSingleShot(true);
  later_.setInterval(200);
  connect(&later_, &QTimer::timeout, this, [this] {
    if (!isVisible()) return;
    asker_->ask([this, question = question()](const GoOn& go_on) -> Asked::Then {
      return [this, draw = question(go_on)] { show(draw()); };
    });
  });
  connect(&state_, &TimelineState::picture_changed, this, [this] { refill_soon(); });
}

void ChartPanel::refill_soon() {
  asker_->give_up();
  later_.start();
}

void ChartPanel::refill() {
  asker_->give_up();
  show(question()({})());
}

void ChartPanel::show(QChart* chart) {
  const Theme& theme = *state_.scene().theme;
  chart->legend()->setAlignment(Qt::AlignRight);
  dress(*chart, theme);
  dress(*view_, theme);
  const std::unique_ptr<QChart> old(view_->chart());
  view_->setChart(chart);
}

}  // namespace orrery::gui
