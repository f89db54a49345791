// One line of pixels of a row: which colours it has, and what letters it has room for.
#include "gui/view/timeline/paint/lane_painter.h"
#include "gui/view/timeline/paint/line_pattern.h"

namespace orrery::gui {
namespace {

constexpr int kTextFrom = 24;   // pixels of an event that the shortest names need
constexpr int kBorderFrom = 4;  // of one that shows where it begins

}  // namespace

template <class ColourOf, class PatternOf>
void LanePainter::colour_line(const Row& row, TimeRange view, std::span<const EventClass> class_of_kind,
                              const ColourOf& colour_of, const PatternOf& pattern_of) {
  const QRgb background = scene_.theme->lanes.rgb();
  const auto border = static_cast<std::size_t>(device(kBorderFrom));
  row.sample(view, class_of_kind, pixels_);
  // Pointers of its own: bytes that are written could be any of those of this object.
  const std::span<const Pixel> pixels(pixels_);
  QRgb* const line = line_.data();
  std::uint8_t* const pattern = pattern_.data();
  std::uint32_t before = Pixel::kNothing;
  for (std::size_t x = 0; x < pixels.size(); ++x) {
    const Pixel pixel = pixels[x];
    pattern[x] = kPlain;
    if (pixel.event == Pixel::kNothing) {
      line[x] = background;
      before = Pixel::kNothing;
      continue;
    }
    // What hardly covers its column must still be seen.
    const unsigned share = pixel.covered == 65535 ? 256 : 72 + (184u * pixel.covered >> 16);
    line[x] = blend(colour_of(pixel), background, share);
    if (pixel.covered > 32768) pattern[x] = pattern_of(pixel);
    const bool begins = pixel.event != before && x + border < pixels.size() && pixels[x + border].event == pixel.event;
    if (begins && pattern[x] == kPlain) line[x] = blend(line[x], background, 120);
    before = pixel.event;
  }
}

void LanePainter::colour_row(std::uint32_t row_index) {
  const Row& row = scene_.model->rows()[row_index];
  const bool patterns = scene_.theme->patterns;
  colour_line(
      row, scene_.viewport.view(), scene_.model->class_of_kind(),
      [events = row.events().data(), &colours = scene_.colours](const Pixel& pixel) {
        return colours.of_kind(events[pixel.event].kind);
      },
      [patterns](const Pixel& pixel) { return pattern_of_class(pixel.is, patterns); });
  if (!scene_.show_critical || scene_.critical.empty()) return;
  // What is not on the path steps back.
  const QRgb background = scene_.theme->lanes.rgb();
  scene_.critical.sample(row, row_index, scene_.viewport.view(), marked_);
  for (std::size_t x = 0; x < line_.size(); ++x)
    if (!marked_[x]) line_[x] = blend(line_[x], background, 70);
}

void LanePainter::colour_second_row(std::uint32_t row_index) {
  const SecondTrace& second = *scene_.second;
  const std::vector<Difference>& differences = second.pairing().differences(row_index);
  const auto difference_of = [&](const Pixel& pixel) {
    return differences.empty() ? kAlone : differences[pixel.event];
  };
  const bool patterns = scene_.theme->patterns;
  colour_line(
      second.model->rows()[row_index], second.here(scene_.viewport.view()), second.model->class_of_kind(),
      [&](const Pixel& pixel) {
        return is_idle(pixel.is) ? scene_.theme->of(pixel.is).rgb() : scene_.differences.of(difference_of(pixel));
      },
      [&](const Pixel& pixel) {
        if (is_idle(pixel.is)) return kHatch;
        return patterns ? pattern_of_difference(difference_of(pixel)) : kPlain;
      });
}

// Runs of pixels that one event has for itself; at most one for every kTextFrom pixels.
template <class ColourOf>
void LanePainter::find_texts(const TraceModel& model, std::uint32_t row, int top, int height,
                             const ColourOf& colour_of) {
  if (height < 11) return;
  const auto wide = static_cast<std::size_t>(device(kTextFrom));
  std::size_t begin = 0;
  for (std::size_t x = 1; x <= pixels_.size(); ++x) {
    if (x < pixels_.size() && pixels_[x].event == pixels_[begin].event) continue;
    const auto layout = [this](std::size_t pixels) { return static_cast<int>(static_cast<double>(pixels) / scale_); };
    if (pixels_[begin].event != Pixel::kNothing && x - begin >= wide) {
      const EventRef event{row, pixels_[begin].event};
      const QColor behind(line_[begin + 1]);
      texts_.push_back({&model, event, layout(begin), layout(x - begin), top, height, behind, colour_of(event)});
    }
    begin = x;
  }
}

void LanePainter::find_texts(std::uint32_t row, int top, int height) {
  find_texts(*scene_.model, row, top, height, [&](EventRef event) {
    if (scene_.show_critical && !scene_.critical.contains(event)) return scene_.theme->muted;
    return text_on(QColor(scene_.colours.of_kind(scene_.model->row(event)[event.index].kind)));
  });
}

void LanePainter::find_second_texts(std::uint32_t row, int top, int height) {
  find_texts(*scene_.second->model, row, top, height, [&](EventRef event) {
    const EventClass is = scene_.second->model->class_of(event);
    if (is_idle(is)) return text_on(scene_.theme->of(is));
    return text_on(QColor(scene_.differences.of(scene_.second->pairing().difference(event))));
  });
}

}  // namespace orrery::gui
