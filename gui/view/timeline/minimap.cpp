#include "gui/view/timeline/minimap.h"

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <cmath>
#include <utility>

namespace orrery::gui {

Minimap::Minimap(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  setFixedHeight(kHeight);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setAccessibleName(tr("Whole trace"));
  connect(&state_, &TimelineState::model_changed, this, [this] { is_old_ = true; });
  connect(&state_, &TimelineState::colours_changed, this, [this] { is_old_ = true; });
  connect(&state_, &TimelineState::limits_changed, this, [this] { is_old_ = true; });
  connect(&state_, &TimelineState::picture_changed, this, [this] { update(); });
}

void Minimap::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  draw(painter);
}

double Minimap::x_of(Ns when) const {
  const TimeRange all = state_.scene().viewport.limits();
  return static_cast<double>(when - all.begin) / static_cast<double>(all.length()) * width();
}

// A line for every process, or for every so many: its compute stream, or its first track.
// `scale`: pixels of the screen to one of the layout.
void Minimap::draw_picture(double scale) {
  const TraceModel& model = state_.model();
  const Theme& theme = *state_.scene().theme;
  picture_ = QImage((QSizeF(width(), height() - 6) * scale).toSize(), QImage::Format_RGB32);
  picture_.setDevicePixelRatio(scale);
  picture_.fill(theme.lanes);
  std::vector<std::uint32_t> rows(model.processes().size(), UINT32_MAX);
  for (const Track& track : model.tracks())
    if (rows[track.process] == UINT32_MAX || track.name == "compute") rows[track.process] = track.first_row;
  std::erase(rows, UINT32_MAX);
  if (rows.empty()) return;
  std::vector<Pixel> pixels(static_cast<std::size_t>(picture_.width()));
  std::size_t drawn = rows.size();
  for (int y = 0; y < picture_.height(); ++y) {
    const auto which = static_cast<std::size_t>(y) * rows.size() / static_cast<std::size_t>(picture_.height());
    const Row& row = model.rows()[rows[which]];
    if (which != drawn) row.sample(state_.scene().viewport.limits(), model.class_of_kind(), pixels);
    drawn = which;
    auto* line = reinterpret_cast<QRgb*>(picture_.scanLine(y));
    for (std::size_t x = 0; x < pixels.size(); ++x)
      if (pixels[x].event != Pixel::kNothing) line[x] = state_.scene().colours.of_kind(row[pixels[x].event].kind);
  }
}

void Minimap::draw(QPainter& painter) {
  const Theme& theme = *state_.scene().theme;
  const double scale = painter.deviceTransform().m11();
  const bool fits = picture_.width() == qRound(width() * scale) && picture_.devicePixelRatio() == scale;
  if (std::exchange(is_old_, false) || !fits) draw_picture(scale);
  painter.fillRect(rect(), theme.window);
  painter.drawImage(0, 3, picture_);
  const TimeRange view = state_.scene().viewport.view();
  const double left = x_of(view.begin), right = std::max(left + 3, x_of(view.end));
  QColor veil = theme.window;
  veil.setAlpha(165);
  painter.fillRect(QRectF(0, 0, left, height()), veil);
  painter.fillRect(QRectF(right, 0, width() - right, height()), veil);
  painter.setPen(QPen(theme.accent, 1.5));
  painter.drawRect(QRectF(left + 0.5, 1.5, right - left - 1, height() - 3));
}

void Minimap::centre_on(double x) {
  const TimeRange all = state_.scene().viewport.limits(), view = state_.scene().viewport.view();
  const double centre = static_cast<double>(all.begin) + x / width() * static_cast<double>(all.length());
  const double middle = static_cast<double>(view.begin) + static_cast<double>(view.length()) / 2;
  state_.pan((centre - middle) / state_.scene().viewport.ns_per_pixel());
}

void Minimap::mousePressEvent(QMouseEvent* event) {
  centre_on(event->position().x());
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) centre_on(event->position().x());
}

void Minimap::wheelEvent(QWheelEvent* event) {
  state_.zoom_at(std::pow(1.25, event->angleDelta().y() / 120.0), state_.scene().viewport.width() / 2.0);
  event->accept();
}

}  // namespace orrery::gui
