#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/view/timeline_state.h"

class QChartView;

namespace orrery::gui {

// Time by class for every rank, of the selected area or of what is in view: one bar
// a rank, as long as the stretch of time.
class BreakdownChart : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::size_t kMostRanks = 32;
  explicit BreakdownChart(TimelineState& state, QWidget* parent = nullptr);
  void refill();

 private:
  TimelineState& state_;
  QChartView* view_;
  QTimer later_;
};

}  // namespace orrery::gui
