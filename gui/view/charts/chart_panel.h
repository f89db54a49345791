#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

class QChart;
class QChartView;

namespace orrery::gui {

// A panel with one chart of what the timeline shows, drawn anew a moment after that has
// changed, while somebody can see it.
class ChartPanel : public QWidget {
  Q_OBJECT

 public:
  // Draws it now.
  void refill();

 protected:
  ChartPanel(TimelineState& state, const QString& accessible_name, QWidget* parent);

  void refill_soon() { later_.start(); }
  // A chart without a parent, undressed.
  virtual QChart* make_chart() = 0;

  TimelineState& state_;
  QChartView* view_;

 private:
  QTimer later_;
};

}  // namespace orrery::gui
