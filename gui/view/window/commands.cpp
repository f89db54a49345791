#include "gui/view/window/commands.h"

#include <QAction>
#include <QObject>
#include <QWidget>

namespace orrery::gui {

const std::vector<MouseHint>& mouse_hints() {
  static const std::vector<MouseHint> hints = {
      {QObject::tr("Zoom at the pointer"), QObject::tr("Ctrl+wheel, pinch")},
      {QObject::tr("Pan"), QObject::tr("Shift+wheel, Shift+drag, middle drag")},
      {QObject::tr("Scroll"), QObject::tr("Wheel")},
      {QObject::tr("Select an event"), QObject::tr("Click; on nothing clears")},
      {QObject::tr("Select an area"), QObject::tr("Drag; its edges can be dragged")},
      {QObject::tr("Focus an event"), QObject::tr("Double click")},
      {QObject::tr("Measure"), QObject::tr("Drag on the ruler")},
      {QObject::tr("Zoom to a range"), QObject::tr("Alt+drag on the ruler")},
      {QObject::tr("Move a track or a rank"), QObject::tr("Drag its name")},
      {QObject::tr("Make room for names"), QObject::tr("Drag their right edge")},
      {QObject::tr("Collapse, pin, move to the front"), QObject::tr("Right click on its name")},
  };
  return hints;
}

void install(std::vector<Command>& commands, QWidget* window, QWidget* canvas) {
  for (Command& command : commands) {
    command.action = new QAction(command.title, window);
    command.action->setShortcuts(command.keys);
    command.action->setShortcutContext(command.only_in_timeline ? Qt::WidgetShortcut : Qt::WindowShortcut);
    QObject::connect(command.action, &QAction::triggered, window, command.run);
    (command.only_in_timeline ? canvas : window)->addAction(command.action);
  }
}

}  // namespace orrery::gui
