#include "gui/view/timeline/ruler.h"

#include <QMouseEvent>
#include <QPainter>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {

Ruler::Ruler(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  fit_font();
  setAttribute(Qt::WA_OpaquePaintEvent);
  setCursor(Qt::IBeamCursor);
  setAccessibleName(tr("Time ruler"));
  connect(&state_, &TimelineState::picture_changed, this, [this] { update(); });
  connect(&state_, &TimelineState::overlay_changed, this, [this] { update(); });
}

// Numbers above, marks below.
void Ruler::fit_font() {
  setFixedHeight(std::max(26, fontMetrics().height() + 12));
}

void Ruler::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) fit_font();
}

void Ruler::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  draw(painter);
}

void Ruler::draw(QPainter& painter) {
  const Theme& theme = *state_.scene().theme;
  const Viewport& viewport = state_.scene().viewport;
  painter.fillRect(rect(), theme.window);
  const Ticks ticks = ticks_of(viewport.view(), viewport.width(), 110);
  painter.setPen(theme.border);
  painter.drawLine(0, height() - 1, width(), height() - 1);
  const double small = static_cast<double>(ticks.step) / ticks.parts / viewport.ns_per_pixel();
  for (const Tick& tick : ticks.ticks) {
    const double x = viewport.x_of(tick.when);
    for (int i = -ticks.parts + 1; i < ticks.parts; ++i)
      if (x + i * small >= 0 && x + i * small < width())
        painter.drawLine(QPointF(x + i * small, height() - 4), QPointF(x + i * small, height() - 1));
    painter.drawLine(QPointF(x, height() - 9), QPointF(x, height() - 1));
  }
  painter.setPen(theme.muted);
  for (const Tick& tick : ticks.ticks) {
    const QString label = q(tick.label);
    const double x = viewport.x_of(tick.when) + 4;
    if (x + painter.fontMetrics().horizontalAdvance(label) <= width())
      painter.drawText(QPointF(x, height() - 10), label);
  }
  for (const TimelineNote& note : state_.notes()) {
    const double x = viewport.x_of(note.when);
    if (x < -200 || x > width()) continue;
    const int wide = painter.fontMetrics().horizontalAdvance(note.text) + 8;
    painter.fillRect(QRectF(x, 2, wide, height() - 8), theme.mark);
    painter.setPen(text_on(theme.mark));
    painter.drawText(QRectF(x + 4, 2, wide, height() - 8), Qt::AlignVCenter, note.text);
  }
  draw_measure(painter);
}

QString Ruler::measure_text(TimeRange range) const {
  QString text = q(time_text(range.length()));
  if (range.length() > 0) text += "   " + quantity_text(1e9 / static_cast<double>(range.length()), "/s");
  const EventRef event = state_.selected();
  if (event.is_none()) return text;
  const TimeRange of = state_.model().range(event);
  const auto bytes = state_.model().number(event, "bytes");
  if (!bytes || of.length() <= 0 || range.begin < of.begin || range.end > of.end) return text;
  const double rate = static_cast<double>(*bytes) * 1e9 / static_cast<double>(of.length());
  return text + "   " + quantity_text(rate * 1e-9 * static_cast<double>(range.length()), "bytes") + "   " +
         quantity_text(rate, "B/s");
}

void Ruler::draw_measure(QPainter& painter) {
  if (!state_.measure() || state_.measure()->empty()) return;
  const Theme& theme = *state_.scene().theme;
  const Viewport& viewport = state_.scene().viewport;
  const double left = viewport.x_of(state_.measure()->begin), right = viewport.x_of(state_.measure()->end);
  QColor shade = theme.accent;
  shade.setAlpha(60);
  painter.fillRect(QRectF(left, 0, right - left, height()), shade);
  const QString text = measure_text(*state_.measure());
  const int wide = painter.fontMetrics().horizontalAdvance(text) + 12;
  const QRectF label(std::clamp((left + right - wide) / 2, 0.0, std::max(0.0, width() - double(wide))), 3, wide,
                     height() - 8);
  painter.fillRect(label, theme.accent);
  painter.setPen(text_on(theme.accent));
  painter.drawText(label, Qt::AlignCenter, text);
}

TimeRange Ruler::dragged(double to) const {
  const Viewport& viewport = state_.scene().viewport;
  const auto [left, right] = std::minmax({viewport.at(*pressed_), viewport.at(to)});
  return {left, right};
}

void Ruler::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  pressed_ = event->position().x();
  zooms_ = event->modifiers() & Qt::AltModifier;
}

void Ruler::mouseMoveEvent(QMouseEvent* event) {
  state_.set_pointer(event->position().x());
  if (pressed_) state_.set_measure(dragged(event->position().x()));
}

void Ruler::mouseReleaseEvent(QMouseEvent* event) {
  if (!pressed_) return;
  const TimeRange range = dragged(event->position().x());
  pressed_.reset();
  if (zooms_) {
    state_.set_measure(std::nullopt);
    if (!range.empty()) state_.show(range);
  } else {
    state_.set_measure(range.empty() ? std::nullopt : std::optional(range));
  }
}

}  // namespace orrery::gui
