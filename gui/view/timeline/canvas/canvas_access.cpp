#include "gui/view/timeline/canvas/canvas_access.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <memory>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "gui/view/timeline/canvas/canvas.h"

namespace orrery::gui {
namespace {

// Of a track; more are in the table of events.
constexpr std::size_t kMostEvents = 200;

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

template <class Parts>
int place_of(const Parts& parts, const QAccessibleInterface* part) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].get() == part) return static_cast<int>(i);
  return -1;
}

class EventPart final : public Part {
 public:
  EventPart(QAccessibleInterface* parent, Canvas* canvas, EventRef event) : Part(parent, canvas), event_(event) {}

  QString text(QAccessible::Text what) const override {
    return what == QAccessible::Name ? spoken(canvas_->state().model(), event_) : QString();
  }
  QRect rect() const override { return on_screen(canvas_->rect_of(event_)); }
  QAccessible::Role role() const override { return QAccessible::Cell; }
  QAccessible::State state() const override {
    QAccessible::State now;
    now.selectable = true;
    now.selected = canvas_->state().selected() == event_;
    return now;
  }

 private:
  EventRef event_;
};

// A track that has something in view, and its events.
class TrackPart final : public Part {
 public:
  TrackPart(QAccessibleInterface* parent, Canvas* canvas, const Lane& lane) : Part(parent, canvas), lane_(lane) {
    const TimeRange view = canvas->state().scene().viewport.view();
    for (std::uint32_t r = lane.first_row; r < lane.first_row + lane.rows; ++r) {
      const Row& row = canvas->state().model().rows()[r];
      for (std::uint32_t i = row.first_ending_after(view.begin); i < row.size() && row.start(i) < view.end; ++i) {
        if (events_.size() == kMostEvents) return;
        events_.push_back(std::make_unique<EventPart>(this, canvas, EventRef{r, i}));
      }
    }
  }

  QString text(QAccessible::Text what) const override {
    if (what != QAccessible::Name) return {};
    return q(lane_.is == Lane::Is::node ? lane_.label : lane_.path);
  }
  QRect rect() const override {
    const Scene& scene = canvas_->state().scene();
    const int y = lane_.y - scene.scroll + scene.lanes.pinned_height();
    return on_screen(QRect(0, y, canvas_->width(), lane_.height));
  }
  QAccessible::Role role() const override { return QAccessible::Row; }
  QAccessible::State state() const override {
    QAccessible::State now;
    now.expandable = lane_.can_collapse;
    now.expanded = lane_.can_collapse && !lane_.collapsed;
    now.collapsed = lane_.collapsed;
    return now;
  }
  int childCount() const override { return static_cast<int>(events_.size()); }
  QAccessibleInterface* child(int index) const override {
    return index >= 0 && index < childCount() ? events_[static_cast<std::size_t>(index)].get() : nullptr;
  }
  int indexOfChild(const QAccessibleInterface* part) const override { return place_of(events_, part); }

 private:
  Lane lane_;
  std::vector<std::unique_ptr<EventPart>> events_;
};

class AccessibleCanvas final : public QAccessibleWidget {
 public:
  explicit AccessibleCanvas(Canvas* canvas) : QAccessibleWidget(canvas, QAccessible::Table), canvas_(canvas) {}

  int childCount() const override {
    refill();
    return static_cast<int>(tracks_.size());
  }
  QAccessibleInterface* child(int index) const override {
    if (tracks_.empty()) refill();
    return index >= 0 && index < static_cast<int>(tracks_.size()) ? tracks_[static_cast<std::size_t>(index)].get()
                                                                  : nullptr;
  }
  int indexOfChild(const QAccessibleInterface* part) const override { return place_of(tracks_, part); }
  QString text(QAccessible::Text what) const override {
    TimelineState& state = canvas_->state();
    if (what == QAccessible::Value && !state.selected().is_none()) return spoken(state.model(), state.selected());
    return QAccessibleWidget::text(what);
  }

 private:
  void refill() const {
    tracks_.clear();
    const Scene& scene = canvas_->state().scene();
    for (const Lane& lane : scene.lanes.all()) {
      const int y = lane.y - scene.scroll + scene.lanes.pinned_height();
      if (lane.rows == 0 || y + lane.height < 0 || y > canvas_->height()) continue;
      auto track = std::make_unique<TrackPart>(const_cast<AccessibleCanvas*>(this), canvas_, lane);
      if (track->childCount() > 0) tracks_.push_back(std::move(track));
    }
  }

  Canvas* canvas_;
  mutable std::vector<std::unique_ptr<TrackPart>> tracks_;
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
