#pragma once

#include <QComboBox>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// Chooses what ranks are grouped by. What the trace does not tell enough for cannot be
// chosen, and says why.
class GroupingBox : public QComboBox {
  Q_OBJECT

 public:
  explicit GroupingBox(TimelineState& state, QWidget* parent = nullptr);

  // Empty where it can be chosen.
  QString why_not(Grouping grouping) const;

 private:
  void choose(Grouping grouping);
  void follow_model();

  TimelineState& state_;
};

}  // namespace orrery::gui
