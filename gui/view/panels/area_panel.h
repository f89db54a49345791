#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/model/ask/work/area.h"
#include "gui/view/asker.h"
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
  // Now; else it is asked beside the window's work when the hand rests.
  void refill();

 private:
  // What totals are of.
  struct Part {
    std::shared_ptr<const TraceModel> model;
    std::vector<std::uint32_t> tracks;
    TimeRange range;
    bool whole;  // all that is in view, not an area
  };
  Part part() const;
  void ask();
  void fill(const Part& part, const AreaTotals& totals);
  void fill_classes(const Part& part, const AreaTotals& totals);
  void fill_names(const Part& part, const AreaTotals& totals);

  TimelineState& state_;
  QLabel* head_;
  QTreeWidget* classes_;
  QTreeWidget* names_;
  QTimer later_;
  Asker* asker_;
};

}  // namespace orrery::gui
