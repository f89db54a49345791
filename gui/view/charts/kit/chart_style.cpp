#include "gui/view/charts/kit/chart_style.h"

#include <QAbstractAxis>
#include <QApplication>
#include <QChart>
#include <QChartView>
#include <QLegend>

namespace orrery::gui {

void dress(QChart& chart, const Theme& theme) {
  chart.setBackgroundBrush(theme.lanes);
  chart.setBackgroundRoundness(0);
  chart.setMargins({4, 4, 4, 4});
  chart.setAnimationOptions(QChart::NoAnimation);
  chart.setTitleBrush(theme.text);
  chart.setTitleFont(QApplication::font());
  chart.legend()->setLabelColor(theme.text);
  chart.legend()->setFont(QApplication::font());
  chart.legend()->setMarkerShape(QLegend::MarkerShapeRectangle);
  for (QAbstractAxis* axis : chart.axes()) {
    axis->setLabelsColor(theme.muted);
    axis->setLabelsFont(QApplication::font());
    axis->setTitleBrush(theme.muted);
    axis->setTitleFont(QApplication::font());
    axis->setGridLinePen(QPen(theme.grid));
    axis->setLinePen(QPen(theme.border));
  }
}

void dress(QChartView& view, const Theme& theme) {
  view.setRenderHint(QPainter::Antialiasing);
  view.setFrameShape(QFrame::NoFrame);
  view.setBackgroundBrush(theme.lanes);
}

}  // namespace orrery::gui
