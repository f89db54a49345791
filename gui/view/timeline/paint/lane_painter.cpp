#include "gui/view/timeline/paint/lane_painter.h"

#include <QPainter>
#include <cstring>

#include "gui/view/timeline/paint/line_pattern.h"

namespace orrery::gui {
namespace {

constexpr int kElideFrom = 40;  // pixels that the beginning of a long name needs

QRgb* line_of(QImage& image, int y) {
  return reinterpret_cast<QRgb*>(image.scanLine(y));
}

}  // namespace

void LanePainter::start(int width, double scale) {
  scale_ = scale;
  pixels_.resize(static_cast<std::size_t>(width));
  line_.resize(pixels_.size());
  pattern_.resize(pixels_.size());
  marked_.resize(pixels_.size());
  texts_.clear();
}

int LanePainter::device(int layout) const {
  return qRound(layout * scale_);
}

void LanePainter::paint(QImage& image, const std::vector<Lane>& lanes, int scroll) {
  image.fill(scene_.theme->lanes);
  start(image.width(), image.devicePixelRatio());
  const auto visible = [&](const Lane& lane) {
    return lane.y + lane.height > scroll && device(lane.y - scroll) < image.height();
  };
  for (const Lane& lane : lanes)
    if (visible(lane)) paint_rows(image, lane, lane.y - scroll);

  QPainter painter(&image);
  paint_texts(painter);
  for (const Lane& lane : lanes)
    if (visible(lane) && lane.is == Lane::Is::counter) paint_counter(image, painter, lane, lane.y - scroll);
}

void LanePainter::paint_texts(QPainter& painter) {
  for (const Text& text : texts_) {
    painter.setPen(text.colour);
    const QRect room(text.left + 4, text.top, text.width - 7, text.height);
    const QString name = QString::fromStdString(text.model->name(text.event));
    const bool fits = painter.fontMetrics().horizontalAdvance(name) <= room.width();
    if (!fits && text.width < kElideFrom) continue;
    const QString shown = fits ? name : painter.fontMetrics().elidedText(name, Qt::ElideRight, room.width());
    // Hatching runs through letters.
    if (scene_.theme->patterns)
      painter.fillRect(
          QRect(room.left() - 2, room.top(), painter.fontMetrics().horizontalAdvance(shown) + 4, room.height()),
          text.behind);
    painter.drawText(room, Qt::AlignVCenter | Qt::AlignLeft, shown);
  }
}

void LanePainter::paint_rows(QImage& image, const Lane& lane, int y) {
  if (lane.is_head()) {
    const QRgb shade = scene_.theme->header.rgb();
    for (int line = std::max(0, device(y)); line < std::min(image.height(), device(y + lane.height)); ++line)
      std::fill_n(line_of(image, line), image.width(), shade);
  }
  for (std::uint32_t row = lane.first_row; row < lane.first_row + lane.rows; ++row)
    fill_row(image, row, y + lane.top_of(row), lane.first_height - 1);
  for (std::uint32_t row = lane.second_row; row < lane.second_row + lane.second_rows; ++row)
    fill_second_row(image, row, y + lane.top_of_second(row), lane.second_height() - 1);
}

void LanePainter::fill_row(QImage& image, std::uint32_t row_index, int top, int height) {
  const int begin = std::max(0, device(top)), end = std::min(image.height(), device(top + height));
  if (begin >= end) return;
  const Row& row = scene_.model->rows()[row_index];
  colour_row(row_index);
  find_texts(row_index, top, height);
  copy_line(image, top, height);
  const auto underline = [&](const Marks& marks, const QColor& colour, int lines) {
    if (marks.of_row(row_index).empty()) return;
    marks.sample(row, row_index, scene_.viewport.view(), marked_);
    for (int y = std::max(0, device(top + height) - device(lines)); y < end; ++y)
      for (std::size_t x = 0; x < line_.size(); ++x)
        if (marked_[x]) line_of(image, y)[x] = colour.rgb();
  };
  if (scene_.show_critical) underline(scene_.critical, scene_.theme->critical, 3);
  underline(scene_.hits, scene_.theme->mark, 4);
}

void LanePainter::fill_second_row(QImage& image, std::uint32_t row, int top, int height) {
  if (device(top + height) <= 0 || device(top) >= image.height()) return;
  colour_second_row(row);
  find_second_texts(row, top, height);
  copy_line(image, top, height);
}

void LanePainter::copy_line(QImage& image, int top, int height) const {
  const int from = std::max(0, device(top)), to = std::min(image.height(), device(top + height));
  const int fine = std::max(1, qRound(scale_));
  const bool hatched = std::any_of(pattern_.begin(), pattern_.end(), [](auto p) { return p != kPlain; });
  const QRgb background = scene_.theme->lanes.rgb();
  for (int y = from; y < to; ++y) {
    QRgb* out = line_of(image, y);
    std::memcpy(out, line_.data(), line_.size() * sizeof(QRgb));
    if (!hatched) continue;
    for (std::size_t x = 0; x < line_.size(); ++x)
      if (pattern_[x] != kPlain && is_gap_of(pattern_[x], static_cast<int>(x) / fine, y / fine))
        out[x] = blend(line_[x], background, 110);
  }
}

}  // namespace orrery::gui
