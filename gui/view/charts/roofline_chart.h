#pragma once

#include <memory>

#include "gui/model/ask/work/roofline.h"
#include "gui/view/charts/kit/table_chart.h"

class QScatterSeries;

namespace orrery::gui {

// Kernels by what they compute for every byte and how fast, below what the GPU allows.
// A dot can be clicked, a row chosen: either shows the other.
class RooflineChart : public TableChart {
  Q_OBJECT

 public:
  explicit RooflineChart(TimelineState& state, QWidget* parent = nullptr);

  // Null: nothing is known yet.
  void show_roofline(std::shared_ptr<const Roofline> roofline);

 private:
  Question question() override {
    return [this](const GoOn&) -> Draw { return [this] { return make_chart(); }; };
  }
  QChart* make_chart();
  QStringList notes() const;  // what the chart says in words
  void fill_table();
  void add_roofs(QChart& chart, double left, double right);
  void choose_near(QPointF at);
  void mark_chosen();

  std::shared_ptr<const Roofline> roofline_;
  QScatterSeries* chosen_ = nullptr;  // the chart's
};

}  // namespace orrery::gui
