// What the mouse does to a timeline.
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QWheelEvent>
#include <cmath>

#include "gui/view/timeline/canvas/canvas.h"

namespace orrery::gui {
namespace {

constexpr int kFar = 5;   // pixels from where a press becomes a drag
constexpr int kEdge = 4;  // of an area, within which it is held

}  // namespace

Canvas::Drag Canvas::edge_at(QPoint at) const {
  if (!state_.area()) return Drag::none;
  const Area& area = *state_.area();
  const int y = lanes_y(at.y());
  if (y < area.top || y > area.bottom) return Drag::none;
  const Viewport& viewport = state_.scene().viewport;
  if (std::abs(viewport.x_of(area.range.begin) - at.x()) <= kEdge) return Drag::area_begin;
  if (std::abs(viewport.x_of(area.range.end) - at.x()) <= kEdge) return Drag::area_end;
  return Drag::none;
}

void Canvas::mousePressEvent(QMouseEvent* event) {
  pressed_ = last_ = event->pos();
  if (event->button() == Qt::MiddleButton ||
      (event->button() == Qt::LeftButton && event->modifiers() == Qt::ShiftModifier)) {
    drag_ = Drag::pan;
    setCursor(Qt::ClosedHandCursor);
  } else if (event->button() == Qt::LeftButton) {
    drag_ = edge_at(event->pos());
    if (drag_ == Drag::none) drag_ = Drag::press;
  }
}

void Canvas::drag_area(QPoint to) {
  const Viewport& viewport = state_.scene().viewport;
  Area area = state_.area().value_or(Area());
  if (drag_ == Drag::area) {
    const auto [left, right] = std::minmax({viewport.at(pressed_.x()), viewport.at(to.x())});
    const auto [top, bottom] = std::minmax({lanes_y(pressed_.y()), lanes_y(to.y())});
    area = {{left, right}, top, bottom};
  } else if (drag_ == Drag::area_begin) {
    area.range.begin = std::min(viewport.at(to.x()), area.range.end);
  } else {
    area.range.end = std::max(viewport.at(to.x()), area.range.begin);
  }
  state_.set_area(area);
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
  pointer_ = event->pos();
  state_.set_pointer(event->pos().x());
  if (drag_ == Drag::press && (event->pos() - pressed_).manhattanLength() > kFar) drag_ = Drag::area;
  switch (drag_) {
    case Drag::pan:
      state_.pan(last_.x() - event->pos().x());
      state_.scroll(last_.y() - event->pos().y());
      break;
    case Drag::area:
    case Drag::area_begin:
    case Drag::area_end:
      drag_area(event->pos());
      break;
    case Drag::press:
      break;
    case Drag::none:
      setCursor(edge_at(event->pos()) == Drag::none ? Qt::ArrowCursor : Qt::SplitHCursor);
      state_.hover(event_at(event->pos()));
      update();
  }
  last_ = event->pos();
}

void Canvas::mouseReleaseEvent(QMouseEvent* event) {
  if (drag_ == Drag::press) {
    EventRef hit = event_at(event->pos());
    // What is selected is the first's; the second's stands for its partner.
    if (const EventRef second = second_at(event->pos()); !second.is_none())
      hit = state_.scene().second->pairing().in_a(second);
    if (hit.is_none())
      state_.clear();
    else
      state_.select(hit);
  }
  drag_ = Drag::none;
  unsetCursor();
}

void Canvas::mouseDoubleClickEvent(QMouseEvent* event) {
  const Spot spot = spot_at(event->pos().y());
  if (!event_at(event->pos()).is_none())
    state_.focus();
  else if (spot.lane != nullptr)
    state_.toggle_collapsed(*spot.lane);
}

void Canvas::wheelEvent(QWheelEvent* event) {
  const QPoint by = event->angleDelta();
  constexpr double kNotch = 120;
  if (event->modifiers() & Qt::ControlModifier)
    state_.zoom_at(std::pow(1.25, by.y() / kNotch), event->position().x());
  else if (event->modifiers() & Qt::ShiftModifier)
    state_.pan(-(by.x() + by.y()) / kNotch * width() / 12);
  else {
    state_.scroll(static_cast<int>(-by.y() / kNotch * 60));
    if (by.x() != 0) state_.pan(-by.x() / kNotch * width() / 12);
  }
  event->accept();
}

void Canvas::leaveEvent(QEvent*) {
  pointer_.reset();
  state_.set_pointer(std::nullopt);
  state_.hover(EventRef::none());
  update();
}

bool Canvas::event(QEvent* event) {
  if (event->type() == QEvent::NativeGesture) {
    const auto* gesture = static_cast<QNativeGestureEvent*>(event);
    if (gesture->gestureType() == Qt::ZoomNativeGesture) {
      state_.zoom_at(1 + gesture->value(), gesture->position().x());
      return true;
    }
  }
  return QWidget::event(event);
}

}  // namespace orrery::gui
