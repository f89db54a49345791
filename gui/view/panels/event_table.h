#pragma once

#include <QAbstractTableModel>
#include <QTableView>
#include <QTimer>

#include "gui/view/asker.h"
#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// The events of an area, or of what is in view, as a table: at most kMost of them,
// in order of time.
class EventListModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  static constexpr int kMost = 20'000;
  enum Column { start, duration, slack, name, event_class, process, track, columns };

  explicit EventListModel(TimelineState& state, QObject* parent);

  void refill();
  // The same, found beside the window's work.
  void ask();
  void forget();
  EventRef event_at(int row) const { return events_[static_cast<std::size_t>(row)]; }
  int row_of(EventRef event) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  void show(std::vector<EventRef> events);

  TimelineState& state_;
  std::vector<EventRef> events_;
  Asker* asker_;
};

// What the timeline draws, for those who do not look at it. Activating a row selects it.
class EventTable : public QTableView {
  Q_OBJECT

 public:
  explicit EventTable(TimelineState& state, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void fit_columns();

  TimelineState& state_;
  EventListModel* list_;
  QTimer later_;
};

}  // namespace orrery::gui
