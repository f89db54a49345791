#pragma once

#include "gui/view/charts/kit/chart_panel.h"

namespace orrery::gui {

// Memory of every rank over what is in view, and the GPU's size.
class MemoryChart : public ChartPanel {
  Q_OBJECT

 public:
  static constexpr std::size_t kMostRanks = 16;
  static constexpr int kPoints = 600;  // of a line
  explicit MemoryChart(TimelineState& state, QWidget* parent = nullptr);

 private:
  Question question() override {
    return [this](const GoOn&) -> Draw { return [this] { return make_chart(); }; };
  }
  QChart* make_chart();
};

}  // namespace orrery::gui
