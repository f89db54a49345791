#include "gui/view/timeline/lane_painter.h"

#include <QPainter>
#include <cstring>

namespace orrery::gui {
namespace {

constexpr int kTextFrom = 24;   // pixels of an event that the shortest names need
constexpr int kElideFrom = 40;  // that the beginning of a longer one needs
constexpr int kBorderFrom = 4;  // of one that shows where it begins

QRgb blend(QRgb over, QRgb under, unsigned share) {  // of 256
  const auto part = [&](unsigned a, unsigned b) { return (a * share + b * (256 - share)) >> 8; };
  return qRgb(static_cast<int>(part(static_cast<unsigned>(qRed(over)), static_cast<unsigned>(qRed(under)))),
              static_cast<int>(part(static_cast<unsigned>(qGreen(over)), static_cast<unsigned>(qGreen(under)))),
              static_cast<int>(part(static_cast<unsigned>(qBlue(over)), static_cast<unsigned>(qBlue(under)))));
}

enum Pattern : std::uint8_t { plain, hatch, back_hatch, bars, dots };

// Idle time is always hatched: it is what is missing, not what is there.
Pattern pattern_of(EventClass c, bool all) {
  if (c == EventClass::bubble || c == EventClass::exposed) return hatch;
  if (!all) return plain;
  switch (c) {
    case EventClass::backward:
    case EventClass::pp:
      return back_hatch;
    case EventClass::weight_gradient:
    case EventClass::cp:
    case EventClass::ep:
      return dots;
    case EventClass::recompute:
    case EventClass::tp:
    case EventClass::dp:
      return bars;
    default:
      return plain;
  }
}

bool is_gap_of(std::uint8_t pattern, int x, int y) {
  switch (pattern) {
    case hatch:
      return ((x + y) & 7) < 3;
    case back_hatch:
      return ((x - y) & 7) < 2;
    case bars:
      return (x & 3) == 0;
    case dots:
      return (x & 3) == 0 && (y & 3) == 0;
    default:
      return false;
  }
}

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
    const bool faded = scene_.show_critical && !scene_.critical.contains(text.event);
    painter.setPen(faded
                       ? scene_.theme->muted
                       : text_on(QColor(scene_.colours.of_kind(scene_.model->row(text.event)[text.event.index].kind))));
    const QRect room(text.left + 4, text.top, text.width - 7, text.height);
    const QString name = QString::fromStdString(scene_.model->name(text.event));
    const bool fits = painter.fontMetrics().horizontalAdvance(name) <= room.width();
    if (!fits && text.width < kElideFrom) continue;
    painter.drawText(room, Qt::AlignVCenter | Qt::AlignLeft,
                     fits ? name : painter.fontMetrics().elidedText(name, Qt::ElideRight, room.width()));
  }
}

void LanePainter::paint_rows(QImage& image, const Lane& lane, int y) {
  if (lane.is == Lane::Is::group || lane.is == Lane::Is::process) {
    const QRgb shade = scene_.theme->header.rgb();
    for (int line = std::max(0, device(y)); line < std::min(image.height(), device(y + lane.height)); ++line)
      std::fill_n(line_of(image, line), image.width(), shade);
  }
  for (std::uint32_t i = 0; i < lane.rows; ++i)
    fill_row(image, lane.first_row + i, y + 1 + static_cast<int>(i) * lane.row_height, lane.row_height - 1);
}

// Colours of one line, and which of its columns are hatched.
void LanePainter::colour_line(const Row& row, std::uint32_t row_index) {
  const Theme& theme = *scene_.theme;
  const QRgb background = theme.lanes.rgb();
  const auto border = static_cast<std::size_t>(device(kBorderFrom));
  row.sample(scene_.viewport.view(), scene_.model->class_of_kind(), pixels_);
  std::uint32_t before = Pixel::kNothing;
  for (std::size_t x = 0; x < pixels_.size(); ++x) {
    const Pixel& pixel = pixels_[x];
    pattern_[x] = plain;
    if (pixel.event == Pixel::kNothing) {
      line_[x] = background;
      before = Pixel::kNothing;
      continue;
    }
    const QRgb colour = scene_.colours.of_kind(row[pixel.event].kind);
    // What hardly covers its column must still be seen.
    const unsigned share = pixel.covered == 65535 ? 256 : 72 + (184u * pixel.covered >> 16);
    line_[x] = blend(colour, background, share);
    if (pixel.covered > 32768) pattern_[x] = pattern_of(pixel.is, theme.patterns);
    const bool begins =
        pixel.event != before && x + border < pixels_.size() && pixels_[x + border].event == pixel.event;
    if (begins && pattern_[x] == plain) line_[x] = blend(line_[x], background, 120);
    before = pixel.event;
  }
  if (scene_.show_critical && !scene_.critical.empty()) {  // what is not on the path steps back
    scene_.critical.sample(row, row_index, scene_.viewport.view(), marked_);
    for (std::size_t x = 0; x < line_.size(); ++x)
      if (!marked_[x]) line_[x] = blend(line_[x], background, 70);
  }
}

void LanePainter::fill_row(QImage& image, std::uint32_t row_index, int top, int height) {
  const int begin = device(top), end = device(top + height);
  if (end <= 0 || begin >= image.height()) return;
  const Row& row = scene_.model->rows()[row_index];
  colour_line(row, row_index);
  find_texts(row_index, top, height);

  const int from = std::max(0, begin), to = std::min(image.height(), end), fine = std::max(1, qRound(scale_));
  const bool hatched = std::any_of(pattern_.begin(), pattern_.end(), [](auto p) { return p != plain; });
  const QRgb background = scene_.theme->lanes.rgb();
  for (int y = from; y < to; ++y) {
    QRgb* out = line_of(image, y);
    std::memcpy(out, line_.data(), line_.size() * sizeof(QRgb));
    if (!hatched) continue;
    for (std::size_t x = 0; x < line_.size(); ++x)
      if (pattern_[x] != plain && is_gap_of(pattern_[x], static_cast<int>(x) / fine, y / fine))
        out[x] = blend(line_[x], background, 110);
  }
  const auto underline = [&](const Marks& marks, const QColor& colour, int lines) {
    if (marks.of_row(row_index).empty()) return;
    marks.sample(row, row_index, scene_.viewport.view(), marked_);
    for (int y = std::max(0, end - device(lines)); y < to; ++y)
      for (std::size_t x = 0; x < line_.size(); ++x)
        if (marked_[x]) line_of(image, y)[x] = colour.rgb();
  };
  if (scene_.show_critical) underline(scene_.critical, scene_.theme->critical, 3);
  underline(scene_.hits, scene_.theme->mark, 4);
}

// Runs of pixels that one event has for itself; at most one for every kTextFrom pixels.
void LanePainter::find_texts(std::uint32_t row, int top, int height) {
  if (height < 11) return;
  const auto wide = static_cast<std::size_t>(device(kTextFrom));
  std::size_t begin = 0;
  for (std::size_t x = 1; x <= pixels_.size(); ++x) {
    if (x < pixels_.size() && pixels_[x].event == pixels_[begin].event) continue;
    const auto layout = [this](std::size_t pixels) { return static_cast<int>(static_cast<double>(pixels) / scale_); };
    if (pixels_[begin].event != Pixel::kNothing && x - begin >= wide)
      texts_.push_back({{row, pixels_[begin].event}, layout(begin), layout(x - begin), top, height});
    begin = x;
  }
}

}  // namespace orrery::gui
