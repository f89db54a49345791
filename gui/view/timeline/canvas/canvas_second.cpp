// A second trace in the lower half of the lanes: what is there, and what is said of it.
#include <QPainter>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/scene/second_text.h"

namespace orrery::gui {

EventRef Canvas::second_at(QPoint at) const {
  const Scene& scene = state_.scene();
  const Spot spot = spot_at(at.y());
  if (!scene.second || spot.lane == nullptr || spot.lane->second_rows == 0) return EventRef::none();
  const int y = at.y() - spot.y - 1, pitch = std::max(1, spot.lane->row_height);
  if (y < 0 || y / pitch >= static_cast<int>(spot.lane->second_rows) || y % pitch < spot.lane->first_height)
    return EventRef::none();
  const std::uint32_t row = spot.lane->second_row + static_cast<std::uint32_t>(y / pitch);
  return near(scene.second->model->rows()[row], row, scene.viewport.at(at.x() + 0.5) + scene.second->later);
}

QRect Canvas::second_rect_of(EventRef event) const {
  const Scene& scene = state_.scene();
  if (!scene.second || event.is_none()) return {};
  const auto in = [&](const std::vector<Lane>& lanes, bool pinned) -> QRect {
    for (const Lane& lane : lanes) {
      if (event.row < lane.second_row || event.row >= lane.second_row + lane.second_rows) continue;
      const int top = (pinned ? lane.y : canvas_y(lane)) + lane.top_of_second(event.row);
      return box_of(scene.second->range(event), top, lane.second_height() - 1);
    }
    return {};
  };
  const QRect below = in(scene.lanes.all(), false);
  return below.isNull() ? in(scene.lanes.pinned(), true) : below;
}

// The partner of what is hovered and selected, and what the pointer is over itself.
void Canvas::draw_second_boxes(QPainter& painter) {
  const Scene& scene = state_.scene();
  if (!scene.second) return;
  const auto partner = [&](EventRef event) {
    return event.is_none() ? QRect() : second_rect_of(scene.second->pairing().in_b(event));
  };
  draw_box(painter, partner(state_.hovered()), scene.theme->text, 1);
  draw_box(painter, partner(state_.selected()), scene.theme->accent, 2);
  const EventRef here = pointer_ ? second_at(*pointer_) : EventRef::none();
  if (here.is_none()) return;
  draw_box(painter, second_rect_of(here), scene.theme->text, 1);
  draw_box(painter, rect_of(scene.second->pairing().in_a(here)), scene.theme->text, 1);
}

QStringList Canvas::second_tip(EventRef event) const {
  const Scene& scene = state_.scene();
  const TraceModel& model = *scene.second->model;
  QStringList lines{q(model.name(event))};
  lines << q(time_text(model.range(event).length())) + "   " + q(to_string(model.class_of(event)));
  lines << tr("second trace: %1  %2, at %3")
               .arg(q(model.process(event).name), q(model.track(event).name),
                    q(time_text(scene.second->range(event).begin)));
  lines << first_text(*scene.second, state_.model(), event);
  return lines;
}

}  // namespace orrery::gui
