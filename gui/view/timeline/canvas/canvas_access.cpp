#include "gui/view/timeline/canvas/canvas_access.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <memory>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "gui/view/timeline/canvas/canvas.h"

namespace orrery::gui {
namespace {

// More are in the table of events.
constexpr int kMostEvents = 500;

QString spoken(const TraceModel& model, EventRef event) {
  const TimeRange range = model.range(event);
  return QStringLiteral("%1, %2, %3, %4")
      .arg(q(to_string(model.class_of(event))), q(model.name(event)), q(time_text(range.begin)),
           q(time_text(range.length())));
}

// What screen readers find below the canvas.
class Part : public QAccessibleInterface {
 public:
  Part(QAccessibleInterface* parent, Canvas* canvas) : parent_(parent), canvas_(canvas) {}
  bool isValid() const override { return canvas_ != nullptr; }
  QObject* object() const override { return nullptr; }
  QAccessibleInterface* parent() const override { return parent_; }
  QAccessibleInterface* childAt(int, int) const override { return nullptr; }
  void setText(QAccessible::Text, const QString&) override {}
  QAccessibleInterface* child(int) const override { return nullptr; }
  int childCount() const override { return 0; }
  int indexOfChild(const QAccessibleInterface*) const override { return -1; }

 protected:
  QRect on_screen(QRect box) const { return {canvas_->mapToGlobal(box.topLeft()), box.size()}; }

  QAccessibleInterface* parent_;
  Canvas* canvas_;
};

class EventPart final : public Part {
 public:
  EventPart(QAccessibleInterface* parent, Canvas* canvas, TimelineState* state, EventRef event)
      : Part(parent, canvas), state_(state), event_(event) {}

  QString text(QAccessible::Text what) const override {
    return what == QAccessible::Name ? spoken(state_->model(), event_) : QString();
  }
  QRect rect() const override { return on_screen(canvas_->rect_of(event_)); }
  QAccessible::Role role() const override { return QAccessible::Cell; }
  QAccessible::State state() const override {
    QAccessible::State now;
    now.selectable = true;
    now.selected = state_->selected() == event_;
    return now;
  }

 private:
  TimelineState* state_;
  EventRef event_;
};

class AccessibleCanvas final : public QAccessibleWidget {
 public:
  explicit AccessibleCanvas(Canvas* canvas) : QAccessibleWidget(canvas, QAccessible::Table), canvas_(canvas) {}

  int childCount() const override {
    refill();
    return static_cast<int>(parts_.size());
  }
  QAccessibleInterface* child(int index) const override {
    if (parts_.empty()) refill();
    return index >= 0 && index < static_cast<int>(parts_.size()) ? parts_[static_cast<std::size_t>(index)].get()
                                                                 : nullptr;
  }
  int indexOfChild(const QAccessibleInterface* part) const override {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (parts_[i].get() == part) return static_cast<int>(i);
    return -1;
  }
  QString text(QAccessible::Text what) const override {
    TimelineState& state = canvas_->state();
    if (what == QAccessible::Value && !state.selected().is_none()) return spoken(state.model(), state.selected());
    return QAccessibleWidget::text(what);
  }

 private:
  void refill() const {
    parts_.clear();
    TimelineState& state = canvas_->state();
    const TimeRange view = state.scene().viewport.view();
    for (const Lane& lane : state.scene().lanes.all())
      for (std::uint32_t r = lane.first_row; r < lane.first_row + lane.rows; ++r) {
        const Row& row = state.model().rows()[r];
        for (std::uint32_t i = row.first_ending_after(view.begin); i < row.size() && row.start(i) < view.end; ++i) {
          if (parts_.size() == kMostEvents) return;
          parts_.push_back(
              std::make_unique<EventPart>(const_cast<AccessibleCanvas*>(this), canvas_, &state, EventRef{r, i}));
        }
      }
  }

  Canvas* canvas_;
  mutable std::vector<std::unique_ptr<EventPart>> parts_;
};

QAccessibleInterface* make(const QString&, QObject* object) {
  auto* canvas = qobject_cast<Canvas*>(object);
  return canvas == nullptr ? nullptr : new AccessibleCanvas(canvas);
}

}  // namespace

void install_accessibility() {
  QAccessible::installFactory(make);
}

}  // namespace orrery::gui
