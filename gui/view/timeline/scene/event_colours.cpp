#include "gui/view/timeline/scene/event_colours.h"

#include <cmath>

#include "sim/base/digest.h"

namespace orrery::gui {
namespace {

QColor name_colour(std::string_view name, const Theme& theme) {
  const bool dark = theme.lanes.lightness() < 128;
  Digest digest;
  for (const char c : name) digest.add(static_cast<unsigned char>(c));
  const auto hue = static_cast<int>(digest.value() % 360);
  return QColor::fromHsl(hue, 110, dark ? 140 : 150);
}

}  // namespace

// Neighbours in time are neighbours in number: hues a golden angle apart keep them distinct.
QColor micro_batch_colour(std::uint32_t micro_batch, std::uint32_t chunk, bool backward, const Theme& theme) {
  constexpr double kGoldenAngle = 137.508;
  const int hue = static_cast<int>(micro_batch * kGoldenAngle) % 360;
  const bool dark = theme.lanes.lightness() < 128;
  const int lightness = (dark ? 120 : 165) + (backward ? -35 : 0) + 12 * static_cast<int>(chunk % 4) - 12;
  return QColor::fromHsl(hue, backward ? 120 : 150, std::clamp(lightness, 60, 215));
}

QColor difference_colour(double ratio, const Theme& theme) {
  const double share = std::clamp(std::fabs(std::log2(ratio)), 0.0, 1.0);
  const QColor from = theme.of(EventClass::annotation), to = ratio > 1 ? theme.critical : theme.accent;
  const auto mix = [&](int a, int b) { return static_cast<int>(a + (b - a) * share); };
  return QColor(mix(from.red(), to.red()), mix(from.green(), to.green()), mix(from.blue(), to.blue()));
}

DifferenceColours::DifferenceColours(const Theme& theme) {
  by_difference_.fill(theme.mark.rgb());  // kAlone, and what no difference is
  for (int d = -kMostDifference; d <= kMostDifference; ++d)
    by_difference_[static_cast<std::uint8_t>(d)] =
        difference_colour(std::exp2(static_cast<double>(d) / kMostDifference), theme).rgb();
}

EventColours::EventColours(const TraceModel& model, const Theme& theme, ColourBy by,
                           const std::function<double(const std::string&)>& ratio_of) {
  by_kind_.reserve(model.kinds().size());
  for (std::size_t i = 0; i < model.kinds().size(); ++i) {
    const Kind& kind = model.kinds()[i];
    const EventClass is = model.class_of_kind()[i];
    QColor colour = theme.of(is);
    if (by == ColourBy::micro_batch && kind.micro_batch != Kind::kNone)
      colour = micro_batch_colour(kind.micro_batch, kind.chunk, is == EventClass::backward, theme);
    if (by == ColourBy::name && !is_idle(is)) colour = name_colour(model.names()[kind.name], theme);
    if (by == ColourBy::difference && ratio_of && !is_idle(is))
      colour = difference_colour(ratio_of(model.names()[kind.name]), theme);
    by_kind_.push_back(colour.rgb());
  }
}

}  // namespace orrery::gui
