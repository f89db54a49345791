#pragma once

#include <QWidget>
#include <memory>

#include "gui/model/ask/compare/compare.h"
#include "gui/view/asker.h"
#include "gui/view/timeline/timeline_view.h"

class QSplitter;

namespace orrery::gui {

// A second trace below the first, moving with it so that two of their steps begin
// together, its boxes coloured by difference: red takes longer than in the first,
// blue less. What is selected in one is selected in the other. Or overlaid: in the
// lanes of the first, event by event. What that takes is found in the background; until
// then the second is a timeline by itself.
class CompareView : public QObject {
  Q_OBJECT

 public:
  CompareView(TimelineView& first, QSplitter& splitter, std::shared_ptr<const TraceModel> second);
  // What people call the two.
  void set_names(const QString& first, const QString& second);
  ~CompareView() override;

  // Once all who listen are connected.
  void start();
  // Back to how it was. False: to nothing, since it was never compared.
  bool cancel();
  bool is_comparing() const { return asker_->is_asking(); }

  void set_overlaid(bool overlaid);
  bool is_overlaid() const { return overlaid_; }
  TimelineView& second() { return *second_; }

  // Null until it is known, and while a new first trace is being compared.
  const Compared* compared() const { return compared_.get(); }
  const Alignment* alignment() const { return compared_ ? &compared_->second->alignment : nullptr; }
  // Other steps on each other.
  void align(const Alignment& alignment);
  // The step of the first that is in view, on that of the same number. False: it shows none.
  bool align_in_view();
  // The step of the second before the one that is aligned, or after it.
  void align_next(int by);

 signals:
  void began();
  void progress(double share);
  void compared_anew();
  void failed(const QString& why);

 private:
  void compare(std::optional<Alignment> alignment);
  void show(std::shared_ptr<const Compared> compared);
  void say_names();
  void meet();
  void forget();
  void overlay();
  void follow(TimelineState& from, TimelineState& to, bool forward);
  void select(TimelineState& from, TimelineState& to, bool forward);

  TimelineView& first_;
  TimelineView* second_;
  std::shared_ptr<const Compared> compared_;
  Asker* asker_;
  QString first_name_, second_name_;
  bool following_ = false, overlaid_ = false;
};

}  // namespace orrery::gui
