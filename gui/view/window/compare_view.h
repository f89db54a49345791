#pragma once

#include <QWidget>
#include <memory>

#include "gui/model/ask/compare/compare.h"
#include "gui/view/timeline/timeline_view.h"

class QSplitter;
class QTreeWidget;

namespace orrery::gui {

// A second trace below the first, moving with it so that their last steps begin
// together, its boxes coloured by difference: red takes longer than in the first,
// blue less. What is selected in one is selected in the other. Or overlaid: in the
// lanes of the first, event by event.
class CompareView : public QObject {
  Q_OBJECT

 public:
  // `table` is filled with what changed, the most first.
  CompareView(TimelineView& first, QSplitter& splitter, QTreeWidget& table, std::shared_ptr<const TraceModel> second);
  ~CompareView() override;

  void set_overlaid(bool overlaid);
  bool is_overlaid() const { return overlaid_; }
  TimelineView& second() { return *second_; }
  const Comparison& comparison() const { return comparison_; }

 private:
  void compare();
  void overlay();
  void fill_table();
  void follow(TimelineState& from, TimelineState& to, Ns by);
  void select(TimelineState& from, Ns since, TimelineState& to, Ns to_since);

  TimelineView& first_;
  QTreeWidget& table_;
  TimelineView* second_;
  Comparison comparison_;
  bool following_ = false, overlaid_ = false;
};

}  // namespace orrery::gui
