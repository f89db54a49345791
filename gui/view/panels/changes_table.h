#pragma once

#include <QTreeWidget>

#include "gui/model/ask/compare/compare.h"
#include "gui/view/theme.h"

namespace orrery::gui {

// What every operation takes of a rank's step in two traces, the largest difference first.
class ChangesTable : public QTreeWidget {
  Q_OBJECT

 public:
  explicit ChangesTable(QWidget* parent = nullptr);

  void show_changes(const Comparison& comparison, const Theme& theme);
};

}  // namespace orrery::gui
