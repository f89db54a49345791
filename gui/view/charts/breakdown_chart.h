#pragma once

#include "gui/view/charts/kit/chart_panel.h"

namespace orrery::gui {

// Time by class for every rank, of the selected area or of what is in view: one bar
// a rank, as long as the stretch of time.
class BreakdownChart : public ChartPanel {
  Q_OBJECT

 public:
  explicit BreakdownChart(TimelineState& state, QWidget* parent = nullptr);

 private:
  Question question() override;
};

}  // namespace orrery::gui
