#pragma once

#include "gui/view/charts/kit/chart_panel.h"

class QLabel;
class QTreeWidget;
class QLogValueAxis;

namespace orrery::gui {

// A chart with the same numbers as a table beside it.
class TableChart : public ChartPanel {
  Q_OBJECT

 public:
  const QTreeWidget& table() const { return *table_; }

 protected:
  static constexpr int kMostListed = 500;
  // `table_share`: of the width, in percent.
  TableChart(TimelineState& state, const QString& accessible_name, const QStringList& head, QWidget* parent,
             int table_share = 50);

  void clear_table();
  // In words, above both: what is missing or left out; an empty text takes it away.
  void say(const QString& note);
  void add_row(const QStringList& cells);

  QTreeWidget* table_;

 private:
  QLabel* note_;
};

// Around both, from one power of the base to another.
QLogValueAxis* log_axis(const QString& title, double least, double most, double base = 10);

}  // namespace orrery::gui
