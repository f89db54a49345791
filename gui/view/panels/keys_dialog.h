#pragma once

#include <QDialog>

#include "gui/view/window/commands.h"

namespace orrery::gui {

// Every key and what the mouse does.
class KeysDialog : public QDialog {
  Q_OBJECT

 public:
  KeysDialog(const std::vector<Command>& commands, QWidget* parent);
};

}  // namespace orrery::gui
