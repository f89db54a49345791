#pragma once

#include <QTreeWidget>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// Everything that is known of the selected event, and what it waits for and what
// waits for it: activating one of those goes there.
class DetailsPanel : public QTreeWidget {
  Q_OBJECT

 public:
  explicit DetailsPanel(TimelineState& state, QWidget* parent = nullptr);

 private:
  void refill();
  void add(const QString& key, const QString& value);
  void add_events(const QString& title, const std::vector<EventRef>& events);

  TimelineState& state_;
};

}  // namespace orrery::gui
