// What lies on top of the lanes: boxes, arrows, measures, the tip at the pointer.
#include <QPainter>
#include <QPainterPath>
#include <cmath>

#include "gui/model/ask/path/cause.h"
#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/scene/second_text.h"

namespace orrery::gui {
namespace {

// A picture with every arrow is unusable.
constexpr std::size_t kMostArrows = 40;

QColor with_alpha(QColor colour, int alpha) {
  colour.setAlpha(alpha);
  return colour;
}

}  // namespace

void Canvas::draw_area(QPainter& painter) {
  if (!state_.area()) return;
  const Area& area = *state_.area();
  const Scene& scene = state_.scene();
  const double left = scene.viewport.x_of(area.range.begin), right = scene.viewport.x_of(area.range.end);
  const int top = area.top - scene.scroll + scene.lanes.pinned_height();
  const QRectF box(std::max(-5.0, left), std::max(scene.lanes.pinned_height(), top),
                   std::min(right, width() + 5.0) - std::max(-5.0, left), 0);
  const QRectF whole(box.left(), box.top(), box.width(), top + (area.bottom - area.top) - box.top());
  painter.fillRect(whole, with_alpha(scene.theme->area, 34));
  painter.setPen(QPen(scene.theme->area, 1.5));
  painter.drawLine(whole.topLeft(), whole.bottomLeft());
  painter.drawLine(whole.topRight(), whole.bottomRight());
}

void Canvas::draw_measure(QPainter& painter) {
  if (!state_.measure()) return;
  const Scene& scene = state_.scene();
  const double left = scene.viewport.x_of(state_.measure()->begin), right = scene.viewport.x_of(state_.measure()->end);
  painter.setPen(QPen(scene.theme->accent, 1, Qt::DashLine));
  painter.drawLine(QPointF(left, 0), QPointF(left, height()));
  painter.drawLine(QPointF(right, 0), QPointF(right, height()));
}

void Canvas::draw_notes(QPainter& painter) {
  for (const TimelineNote& note : state_.notes()) {
    const double x = state_.scene().viewport.x_of(note.when);
    if (x < 0 || x > width()) continue;
    painter.setPen(QPen(with_alpha(state_.scene().theme->mark, 150), 1));
    painter.drawLine(QPointF(x, 0), QPointF(x, height()));
  }
}

void Canvas::draw_box(QPainter& painter, const QRect& box, const QColor& colour, int thickness) {
  if (box.isNull() || box.bottom() < state_.scene().lanes.pinned_height()) return;
  painter.setPen(QPen(colour, thickness));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5));
}

void Canvas::draw_arrows(QPainter& painter, EventRef event) {
  if (event.is_none()) return;
  for (const EventRef from : before(state_.model(), event, kMostArrows)) draw_arrow(painter, from, event);
  for (const EventRef to : after(state_.model(), event, kMostArrows)) draw_arrow(painter, event, to);
}

void Canvas::draw_arrow(QPainter& painter, EventRef from, EventRef to) {
  const QRect a = rect_of(from), b = rect_of(to);
  if (a.isNull() || b.isNull()) return;
  // It leaves where the first ends, unless the second has begun by then.
  const Viewport& viewport = state_.scene().viewport;
  const TimeRange first = state_.model().range(from), second = state_.model().range(to);
  const double out = viewport.x_of(std::min(first.end, std::max(first.begin, second.begin)));
  const bool wait =
      state_.model().class_of(to) == EventClass::bubble || state_.model().class_of(to) == EventClass::exposed;
  const double in = viewport.x_of(wait ? second.end : second.begin);
  const QPointF start(out, a.center().y() + 0.5), end(in, b.center().y() + 0.5);
  const double bend = std::clamp(std::abs(end.x() - start.x()) / 2, 12.0, 80.0);
  QPainterPath path(start);
  path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end);
  const QColor colour = state_.scene().theme->critical;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(with_alpha(state_.scene().theme->lanes, 170), 3.4));
  painter.drawPath(path);
  painter.setPen(QPen(colour, 1.4));
  painter.drawPath(path);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  painter.drawPolygon(QPolygonF({end, end + QPointF(-7, -3.5), end + QPointF(-7, 3.5)}));
}

QStringList Canvas::tip_lines(EventRef event) const {
  const TraceModel& model = state_.model();
  const TimeRange range = model.range(event);
  const Kind& kind = model.kind(event);
  QStringList lines{q(model.name(event))};
  QString what = q(to_string(model.class_of(event)));
  if (kind.micro_batch != Kind::kNone) what += tr(", micro-batch %1, chunk %2").arg(kind.micro_batch).arg(kind.chunk);
  lines << q(time_text(range.length())) + "   " + what;
  lines << tr("%1  %2, at %3").arg(q(model.process(event).name), q(model.track(event).name), q(time_text(range.begin)));
  if (const auto bytes = model.number(event, "bytes"); bytes && range.length() > 0)
    lines << tr("%1, %2").arg(
        quantity_text(static_cast<double>(*bytes), "bytes"),
        quantity_text(static_cast<double>(*bytes) * 1e9 / static_cast<double>(range.length()), "B/s"));
  if (const auto slack = state_.scene().slack.of(event)) lines << tr("slack: %1").arg(slack_text(*slack));
  if (const auto& second = state_.scene().second) lines << second_text(*second, model, event);
  // Several in this column: one stands for all.
  const Row& row = model.row(event);
  const Viewport& viewport = state_.scene().viewport;
  const Ns left = viewport.at(pointer_->x()), right = viewport.at(pointer_->x() + 1.0);
  const std::uint32_t here =
      row.first_starting_from(right) - std::min(row.first_ending_after(left), row.first_starting_from(right));
  if (here > 1) lines << tr("%L1 events in this pixel").arg(here);
  return lines;
}

QStringList Canvas::counter_tip(QPoint at) const {
  const Spot spot = spot_at(at.y());
  if (spot.lane == nullptr || spot.lane->is != Lane::Is::counter) return {};
  const Counter& counter = state_.model().counters()[spot.lane->index];
  const Ns when = state_.scene().viewport.at(at.x());
  QStringList lines{q(counter.name) + "   " + quantity_text(counter.at(when), counter.unit)};
  if (counter.series.size() > 1)
    for (const Series& series : counter.series)
      lines << q(series.name) + "   " + quantity_text(series.at(when), counter.unit);
  lines << tr("at %1").arg(q(time_text(when)));
  return lines;
}

void Canvas::draw_tip(QPainter& painter) {
  if (!pointer_ || drag_ != Drag::none) return;
  const EventRef event = state_.hovered(), second = second_at(*pointer_);
  const QStringList lines = !event.is_none()    ? tip_lines(event)
                            : !second.is_none() ? second_tip(second)
                                                : counter_tip(*pointer_);
  if (lines.isEmpty()) return;
  QFont bold = painter.font();
  bold.setBold(true);
  const QFontMetrics plain_metrics = painter.fontMetrics(), bold_metrics(bold);
  int wide = bold_metrics.horizontalAdvance(lines.front());
  for (const QString& line : lines) wide = std::max(wide, plain_metrics.horizontalAdvance(line));
  wide = std::min(wide, 520);
  const int line_height = plain_metrics.height() + 1;
  QRect box(0, 0, wide + 18, static_cast<int>(lines.size()) * line_height + 12);
  box.moveTopLeft(*pointer_ + QPoint(14, 16));
  if (box.right() > width() - 4) box.moveRight(std::max(box.width(), pointer_->x() - 10));
  if (box.bottom() > height() - 4) box.moveBottom(pointer_->y() - 10);
  painter.setPen(Qt::NoPen);
  painter.setBrush(with_alpha(state_.scene().theme->tip, 240));
  painter.drawRoundedRect(box, 5, 5);
  painter.setPen(state_.scene().theme->tip_text);
  for (int i = 0; i < lines.size(); ++i) {
    painter.save();
    if (i == 0) painter.setFont(bold);
    const QRect at(box.left() + 9, box.top() + 6 + i * line_height, wide, line_height);
    painter.drawText(at, Qt::AlignVCenter, painter.fontMetrics().elidedText(lines[i], Qt::ElideRight, wide));
    painter.restore();
  }
}

}  // namespace orrery::gui
