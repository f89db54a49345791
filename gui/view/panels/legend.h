#pragma once

#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// The classes that the trace has, each with its colour.
class Legend : public QWidget {
  Q_OBJECT

 public:
  explicit Legend(TimelineState& state, QWidget* parent = nullptr);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  TimelineState& state_;
  std::vector<EventClass> classes_;
};

}  // namespace orrery::gui
