#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>
#include <functional>
#include <vector>

class QAction;
class QWidget;

namespace orrery::gui {

// Something that can be done, under one name wherever it appears: in a menu, on a
// key, in the palette, in the overview of keys.
struct Command {
  QString group, title;
  QList<QKeySequence> keys;
  std::function<void()> run;
  // Keys that mean something else in a table or a text hold only in the timeline.
  bool only_in_timeline = false;
  QAction* action = nullptr;
};

// What the mouse does, for the overview.
struct MouseHint {
  QString what, how;
};
const std::vector<MouseHint>& mouse_hints();

// Makes the actions, and gives them to the window or to the canvas of the timeline.
void install(std::vector<Command>& commands, QWidget* window, QWidget* canvas);

}  // namespace orrery::gui
