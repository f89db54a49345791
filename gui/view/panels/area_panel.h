#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

class QLabel;
class QTreeWidget;

namespace orrery::gui {

// Totals of the selected area, or of what is in view where none is selected: time
// by class with what of it is exposed, and the names that take the longest.
class AreaPanel : public QWidget {
  Q_OBJECT

 public:
  explicit AreaPanel(TimelineState& state, QWidget* parent = nullptr);
  void refill();

 private:
  TimelineState& state_;
  QLabel* head_;
  QTreeWidget* classes_;
  QTreeWidget* names_;
  QTimer later_;
};

}  // namespace orrery::gui
