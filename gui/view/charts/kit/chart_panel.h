#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/view/asker.h"
#include "gui/view/timeline/scene/timeline_state.h"

class QChart;
class QChartView;

namespace orrery::gui {

// A panel with one chart of what the timeline shows, drawn anew a moment after that has
// changed, while somebody can see it.
class ChartPanel : public QWidget {
  Q_OBJECT

 public:
  // Draws it now; else what takes long is asked beside the window's work.
  void refill();

 protected:
  // A chart without a parent, undressed; in the window's thread.
  using Draw = std::function<QChart*()>;
  // Finds out what there is to draw: in another thread, so that it keeps to what it took with it.
  using Question = std::function<Draw(const GoOn&)>;

  ChartPanel(TimelineState& state, const QString& accessible_name, QWidget* parent);

  void refill_soon();
  virtual Question question() = 0;

  TimelineState& state_;
  QChartView* view_;

 private:
  void show(QChart* chart);

  QTimer later_;
  Asker* asker_;
};

}  // namespace orrery::gui
