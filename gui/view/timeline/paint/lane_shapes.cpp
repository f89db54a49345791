// Lanes as shapes instead of pixels: what LanePainter::paint draws, for SVG.
#include <QPainter>

#include "gui/view/timeline/paint/lane_painter.h"

namespace orrery::gui {
namespace {

// Runs of columns that are alike, each with its place and width.
template <class Same, class Draw>
void for_each_run(std::size_t columns, const Same& same, const Draw& draw) {
  std::size_t begin = 0;
  for (std::size_t x = 1; x <= columns; ++x) {
    if (x < columns && same(begin, x)) continue;
    draw(begin, static_cast<int>(x - begin));
    begin = x;
  }
}

}  // namespace

void LanePainter::paint_shapes(QPainter& painter, QSize size, const std::vector<Lane>& lanes, int scroll) {
  start(size.width(), 1);
  painter.fillRect(QRect(QPoint(), size), scene_.theme->lanes);
  for (const Lane& lane : lanes) {
    const int y = lane.y - scroll;
    if (y + lane.height <= 0 || y >= size.height()) continue;
    if (lane.is_head()) painter.fillRect(QRect(0, y, size.width(), lane.height), scene_.theme->header);
    for (std::uint32_t row = lane.first_row; row < lane.first_row + lane.rows; ++row)
      shape_row(painter, row, y + lane.top_of(row), lane.first_height - 1);
    for (std::uint32_t row = lane.second_row; row < lane.second_row + lane.second_rows; ++row) {
      colour_second_row(row);
      find_second_texts(row, y + lane.top_of_second(row), lane.second_height() - 1);
      shape_line(painter, y + lane.top_of_second(row), lane.second_height() - 1);
    }
    if (lane.is == Lane::Is::counter) shape_counter(painter, lane.index, size.width(), y + 2, lane.height - 4);
  }
  paint_texts(painter);
}

// A rectangle for every run of columns of one colour.
void LanePainter::shape_line(QPainter& painter, int top, int height) const {
  for_each_run(
      line_.size(), [&](std::size_t a, std::size_t b) { return line_[a] == line_[b] && pattern_[a] == pattern_[b]; },
      [&](std::size_t at, int columns) {
        if (pixels_[at].event == Pixel::kNothing) return;
        const QRect box(static_cast<int>(at), top, columns, height);
        painter.fillRect(box, QColor(line_[at]));
        if (pattern_[at] != 0) painter.fillRect(box, QBrush(scene_.theme->lanes, Qt::BDiagPattern));
      });
}

void LanePainter::shape_row(QPainter& painter, std::uint32_t row_index, int top, int height) {
  const Row& row = scene_.model->rows()[row_index];
  colour_row(row_index);
  find_texts(row_index, top, height);
  shape_line(painter, top, height);
  const auto underline = [&](const Marks& marks, const QColor& colour, int lines) {
    marks.sample(row, row_index, scene_.viewport.view(), marked_);
    for_each_run(
        marked_.size(), [&](std::size_t a, std::size_t b) { return marked_[a] == marked_[b]; },
        [&](std::size_t at, int columns) {
          if (marked_[at]) painter.fillRect(QRect(static_cast<int>(at), top + height - lines, columns, lines), colour);
        });
  };
  if (scene_.show_critical) underline(scene_.critical, scene_.theme->critical, 3);
  if (!scene_.hits.empty()) underline(scene_.hits, scene_.theme->mark, 4);
}

// A polygon for every part of a curve; of a rate the curve as well, not its heat.
void LanePainter::shape_counter(QPainter& painter, std::uint32_t index, int width, int y, int height) {
  const Counter& counter = scene_.model->counters()[index];
  const double top = top_of(counter);
  std::vector<double> values(static_cast<std::size_t>(width)), below(values.size(), 0);
  for (std::size_t s = 0; s < counter.series.size(); ++s) {
    counter.series[s].sample(scene_.viewport.view(), values);
    QPolygonF shape;
    const auto add = [&](std::size_t x, double value) {
      shape << QPointF(static_cast<double>(x), y + height - std::clamp(value / top, 0.0, 1.0) * height);
    };
    for (std::size_t x = values.size(); x-- > 0;)
      if (x + 1 == values.size() || x == 0 || below[x] != below[x - 1] || below[x] != below[x + 1]) add(x, below[x]);
    for (std::size_t x = 0; x < values.size(); ++x) {
      const double before = x > 0 ? below[x - 1] : -1;
      below[x] += values[x];
      const bool bends =
          x == 0 || x + 1 == values.size() || below[x] != before || values[x + 1] + below[x + 1] != below[x];
      if (bends) add(x, below[x]);
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(scene_.theme->series[s % scene_.theme->series.size()]);
    painter.drawPolygon(shape);
  }
  if (counter.is_rate()) return;
  paint_second_sum(painter, index, top, width, y, height);
  paint_axis(painter, counter, top, width, y, height);
}

}  // namespace orrery::gui
