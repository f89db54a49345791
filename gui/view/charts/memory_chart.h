#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/view/timeline_state.h"

class QChartView;

namespace orrery::gui {

// Memory of every rank over what is in view, and the GPU's size.
class MemoryChart : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::size_t kMostRanks = 16;
  static constexpr int kPoints = 600;  // of a line
  explicit MemoryChart(TimelineState& state, QWidget* parent = nullptr);
  void refill();

 private:
  TimelineState& state_;
  QChartView* view_;
  QTimer later_;
};

}  // namespace orrery::gui
