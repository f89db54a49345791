#include "gui/view/timeline/canvas/canvas.h"

#include <QAccessible>
#include <QPainter>
#include <utility>

#include "gui/view/timeline/canvas/canvas_access.h"
#include "gui/view/timeline/paint/lane_painter.h"

namespace orrery::gui {

Canvas::Canvas(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  install_accessibility();  // first: a widget keeps the interface that it is first asked for
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setMinimumSize(200, 120);
  setAccessibleName(tr("Timeline"));
  connect(&state_, &TimelineState::picture_changed, this, [this] {
    picture_is_old_ = true;
    update();
  });
  connect(&state_, &TimelineState::overlay_changed, this, [this] { update(); });
  connect(&state_, &TimelineState::selection_changed, this, [this] {
    QAccessibleValueChangeEvent changed(this, {});
    QAccessible::updateAccessibility(&changed);
  });
}

void Canvas::resizeEvent(QResizeEvent*) {
  state_.set_size(width(), height());
  picture_is_old_ = true;
}

void Canvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  draw(painter);
}

void Canvas::draw(QPainter& painter) {
  refresh_picture(painter.deviceTransform().m11());
  const Scene& scene = state_.scene();
  painter.drawImage(0, 0, picture_);
  if (state_.model().events() == 0) {
    painter.setPen(scene.theme->muted);
    painter.drawText(rect(), Qt::AlignCenter, tr("Drop a trace or a scenario here, or press Ctrl+O"));
  }
  draw_overlays(painter);
}

// `scale`: pixels of the screen to one of the layout.
void Canvas::refresh_picture(double scale) {
  const QSize pixels = (QSizeF(size()) * scale).toSize();
  if (picture_.size() != pixels || picture_.devicePixelRatio() != scale) {
    picture_ = QImage(pixels, QImage::Format_RGB32);
    picture_.setDevicePixelRatio(scale);
    picture_is_old_ = true;
  }
  if (!std::exchange(picture_is_old_, false)) return;
  const Scene& scene = state_.scene();
  LanePainter lanes(scene);
  const int pinned = std::min(qRound(scene.lanes.pinned_height() * scale), pixels.height());
  const auto part = [&](int from, int lines) {
    QImage image(picture_.bits() + from * picture_.bytesPerLine(), pixels.width(), lines, picture_.bytesPerLine(),
                 QImage::Format_RGB32);
    image.setDevicePixelRatio(scale);
    return image;
  };
  if (QImage below = part(pinned, pixels.height() - pinned); !below.isNull())
    lanes.paint(below, scene.lanes.all(), scene.scroll);
  if (QImage above = part(0, pinned); pinned > 0) lanes.paint(above, scene.lanes.pinned(), 0);
}

void Canvas::draw_shapes(QPainter& painter) {
  const Scene& scene = state_.scene();
  LanePainter lanes(scene);
  const int pinned = std::min(scene.lanes.pinned_height(), height());
  painter.save();
  painter.translate(0, pinned);
  lanes.paint_shapes(painter, {width(), height() - pinned}, scene.lanes.all(), scene.scroll);
  painter.restore();
  if (pinned > 0) lanes.paint_shapes(painter, {width(), pinned}, scene.lanes.pinned(), 0);
  draw_overlays(painter);
}

void Canvas::draw_overlays(QPainter& painter) {
  const Scene& scene = state_.scene();
  if (scene.lanes.pinned_height() > 0) {
    painter.setPen(QPen(scene.theme->accent, 1));
    painter.drawLine(0, scene.lanes.pinned_height() - 1, width(), scene.lanes.pinned_height() - 1);
  }
  painter.setRenderHint(QPainter::Antialiasing);
  draw_area(painter);
  draw_measure(painter);
  draw_notes(painter);
  draw_box(painter, rect_of(state_.hovered()), scene.theme->text, 1);
  draw_box(painter, rect_of(state_.selected()), scene.theme->accent, 2);
  draw_second_boxes(painter);
  draw_arrows(painter, state_.selected());
  if (state_.hovered() != state_.selected()) draw_arrows(painter, state_.hovered());
  draw_tip(painter);
}

Canvas::Spot Canvas::spot_at(int y) const {
  const Lanes& lanes = state_.scene().lanes;
  if (y < lanes.pinned_height()) {
    for (const Lane& lane : lanes.pinned())
      if (y >= lane.y && y < lane.y + lane.height) return {&lane, lane.y};
    return {};
  }
  const int index = lanes.at(lanes_y(y));
  if (index < 0) return {};
  const Lane& lane = lanes.all()[static_cast<std::size_t>(index)];
  return {&lane, canvas_y(lane)};
}

int Canvas::canvas_y(const Lane& lane) const {
  return lane.y - state_.scene().scroll + state_.scene().lanes.pinned_height();
}

EventRef Canvas::event_at(QPoint at) const {
  const Spot spot = spot_at(at.y());
  if (spot.lane == nullptr || spot.lane->rows == 0) return EventRef::none();
  const int y = at.y() - spot.y - 1, pitch = std::max(1, spot.lane->row_height);
  if (y < 0 || y / pitch >= static_cast<int>(spot.lane->rows) || y % pitch >= spot.lane->first_height)
    return EventRef::none();
  const std::uint32_t row = spot.lane->first_row + static_cast<std::uint32_t>(y / pitch);
  return near(state_.model().rows()[row], row, state_.scene().viewport.at(at.x() + 0.5));
}

EventRef Canvas::near(const Row& row, std::uint32_t index, Ns when) const {
  const auto slack = static_cast<Ns>(2 * state_.scene().viewport.ns_per_pixel());
  const auto found = row.near(when, slack);
  return found ? EventRef{index, *found} : EventRef::none();
}

QRect Canvas::rect_of(EventRef event) const {
  if (event.is_none() || event.row >= state_.model().rows().size()) return {};
  const auto in = [&](const std::vector<Lane>& lanes, bool pinned) -> QRect {
    for (const Lane& lane : lanes) {
      if (event.row < lane.first_row || event.row >= lane.first_row + lane.rows) continue;
      const int top = (pinned ? lane.y : canvas_y(lane)) + lane.top_of(event.row);
      return box_of(state_.model().range(event), top, lane.first_height - 1);
    }
    return {};
  };
  const QRect below = in(state_.scene().lanes.all(), false);
  return below.isNull() ? in(state_.scene().lanes.pinned(), true) : below;
}

QRect Canvas::box_of(TimeRange range, int top, int height) const {
  const Viewport& viewport = state_.scene().viewport;
  const double left = std::clamp(viewport.x_of(range.begin), -10.0, width() + 10.0);
  const double right = std::clamp(viewport.x_of(range.end), -10.0, width() + 10.0);
  return {static_cast<int>(left), top, std::max(1, static_cast<int>(right - left)), height};
}

}  // namespace orrery::gui
