// Counters of a scene: curves that add up, and strips of heat.
#include <QPainter>

#include "gui/view/quantity_text.h"
#include "gui/view/timeline/paint/lane_painter.h"

namespace orrery::gui {

// All counters of one name share an axis, so that ranks can be compared.
double LanePainter::top_of(const Counter& counter) const {
  double top = 0;
  for (const Counter& other : scene_.model->counters())
    if (other.name == counter.name) top = std::max(top, other.highest);
  if (scene_.second)
    for (const Counter& other : scene_.second->model->counters())
      if (other.name == counter.name) top = std::max(top, other.highest);
  if (counter.limit > 0 && counter.limit < 2.5 * top) top = std::max(top, counter.limit * 1.04);
  return top > 0 ? top : 1;
}

void LanePainter::paint_counter(QImage& image, QPainter& painter, const Lane& lane, int y) {
  const Counter& counter = scene_.model->counters()[lane.index];
  if (counter.is_rate()) {
    paint_heat(image, counter, y + 1, lane.height - 2);
    return;
  }
  paint_stack(image, counter, y + 2, lane.height - 4);
  const int width = static_cast<int>(image.width() / scale_);
  paint_second_sum(painter, lane.index, top_of(counter), width, y + 2, lane.height - 4);
  paint_axis(painter, counter, top_of(counter), width, y + 2, lane.height - 4);
}

// What the second trace's counter stands at, as a line over the first's parts.
void LanePainter::paint_second_sum(QPainter& painter, std::uint32_t index, double top, int width, int y,
                                   int height) const {
  const std::uint32_t other = scene_.second ? scene_.second->pairing().counter_in_b(index) : Pairing::kNone;
  if (other == Pairing::kNone) return;
  std::vector<double> sum(static_cast<std::size_t>(width), 0), values(sum.size());
  for (const Series& series : scene_.second->model->counters()[other].series) {
    series.sample(scene_.second->here(scene_.viewport.view()), values);
    for (std::size_t x = 0; x < sum.size(); ++x) sum[x] += values[x];
  }
  QPolygonF line;
  for (std::size_t x = 0; x < sum.size(); ++x) {
    const bool bends = x == 0 || x + 1 == sum.size() || sum[x] != sum[x - 1] || sum[x] != sum[x + 1];
    if (bends) line << QPointF(static_cast<double>(x), y + height - std::clamp(sum[x] / top, 0.0, 1.0) * height);
  }
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(scene_.theme->text, 1.3));
  painter.drawPolyline(line);
}

void LanePainter::paint_heat(QImage& image, const Counter& counter, int y, int height) {
  double top = 0;
  for (const Counter& other : scene_.model->counters())
    if (other.is_rate()) top = std::max(top, other.highest);
  std::vector<double> values(static_cast<std::size_t>(image.width()));
  counter.series[0].sample(scene_.viewport.view(), values);
  const QColor cold = scene_.theme->lanes, hot = scene_.theme->of(EventClass::cp);
  for (std::size_t x = 0; x < values.size(); ++x) {
    if (values[x] <= 0 || top <= 0) continue;
    const double heat = 0.12 + 0.88 * std::min(1.0, values[x] / top);
    const auto mix = [&](int a, int b) { return static_cast<int>(a + (b - a) * heat); };
    const QRgb colour = qRgb(mix(cold.red(), hot.red()), mix(cold.green(), hot.green()), mix(cold.blue(), hot.blue()));
    for (int line = std::max(0, device(y)); line < std::min(image.height(), device(y + height)); ++line)
      reinterpret_cast<QRgb*>(image.scanLine(line))[x] = colour;
  }
}

void LanePainter::paint_stack(QImage& image, const Counter& counter, int y, int height) {
  const double top = top_of(counter);
  const int bottom = device(y + height), room = bottom - device(y);
  std::vector<double> values(static_cast<std::size_t>(image.width())), below(values.size(), 0);
  for (std::size_t s = 0; s < counter.series.size(); ++s) {
    counter.series[s].sample(scene_.viewport.view(), values);
    const QRgb colour = scene_.theme->series[s % scene_.theme->series.size()].rgb();
    for (std::size_t x = 0; x < values.size(); ++x) {
      const auto pixel_of = [&](double value) {
        return bottom - static_cast<int>(std::clamp(value / top, 0.0, 1.0) * room);
      };
      const int from = std::max(0, pixel_of(below[x] + values[x])), to = std::min(image.height(), pixel_of(below[x]));
      for (int line = from; line < to; ++line) reinterpret_cast<QRgb*>(image.scanLine(line))[x] = colour;
      below[x] += values[x];
    }
  }
}

void LanePainter::paint_axis(QPainter& painter, const Counter& counter, double top_value, int width, int y,
                             int height) {
  if (counter.limit > 0 && counter.limit <= top_value) {
    const int at = y + height - static_cast<int>(counter.limit / top_value * height);
    painter.setPen(QPen(scene_.theme->critical, 1, Qt::DashLine));
    painter.drawLine(0, at, width, at);
  }
  QFont small = painter.font();
  small.setPointSizeF(small.pointSizeF() * 0.8);
  painter.save();
  painter.setFont(small);
  const QString text = QStringLiteral("max %1").arg(quantity_text(counter.highest, counter.unit));
  const QRect box = painter.fontMetrics().boundingRect(text).adjusted(-4, -1, 4, 1);
  const QRect at(width - box.width() - 6, y + 1, box.width(), box.height());
  QColor veil = scene_.theme->lanes;
  veil.setAlpha(190);
  painter.fillRect(at, veil);
  painter.setPen(scene_.theme->muted);
  painter.drawText(at, Qt::AlignCenter, text);
  painter.restore();
}

}  // namespace orrery::gui
