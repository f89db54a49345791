#include <algorithm>

#include "models/schedules/show/drawing.h"

namespace orrery::models {
namespace {

constexpr int kRowHeight = 24, kRowGap = 4, kLabelWidth = 64, kCharacterWidth = 7;
constexpr double kMaxWidth = 16'000;  // what browsers still draw well

// Hue by type, darkness by chunk.
std::string colour(const Action& action, int chunk, int chunks) {
  int hue = 210, light = 72;
  if (action.type != Action::Type::forward) hue = 130;
  if (action.type == Action::Type::input_gradient) light = 80;
  if (action.type == Action::Type::weight_gradient) light = 58;
  return "hsl(" + std::to_string(hue) + ",55%," + std::to_string(light - 30 * chunk / std::max(1, chunks)) + "%)";
}

// Two decimals without the locale's opinion on commas.
std::string number(double x) {
  const auto hundredths = static_cast<std::int64_t>(x * 100 + 0.5);
  const std::int64_t rest = hundredths % 100;
  std::string text = std::to_string(hundredths / 100);
  if (rest != 0) text += (rest < 10 ? ".0" : ".") + std::to_string(rest);
  return text;
}

double pixels_per_unit(const ScheduleTimes& times) {
  std::int64_t shortest = INT64_MAX;
  for (const auto& spans : times.spans)
    for (const auto& [start, end] : spans)
      if (end > start) shortest = std::min(shortest, end - start);
  if (shortest == INT64_MAX || times.makespan <= 0) return 0;
  return std::min(26.0 / static_cast<double>(shortest), kMaxWidth / static_cast<double>(times.makespan));
}

struct Box {
  double x, y, width, height;
};

std::string box(const Box& at, const std::string& fill, const std::string& text) {
  std::string svg = "<rect x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\" width=\"" + number(at.width) +
                    "\" height=\"" + number(at.height) + "\" fill=\"" + fill +
                    "\" stroke=\"#fff\" stroke-width=\"0.5\"/>\n";
  if (static_cast<double>(text.size() * kCharacterWidth) < at.width)
    svg += "<text x=\"" + number(at.x + at.width / 2) + "\" y=\"" + number(at.y + at.height / 2 + 4) +
           "\" text-anchor=\"middle\">" + text + "</text>\n";
  return svg;
}

// An overlapped slot is its forward above its backward.
std::string draw_action(const Schedule& schedule, const Action& action, const Box& at) {
  const Passes both = passes(action);
  const double height = at.height / both.count;
  std::string svg;
  double y = at.y;
  for (const Action& pass : both) {
    svg += box({at.x, y, at.width, height},
               colour(pass, schedule.chunk_of(pass.stage, pass.micro_batch), schedule.chunks()),
               std::to_string(pass.micro_batch));
    y += height;
  }
  return svg;
}

}  // namespace

std::string draw_svg(const Schedule& schedule, const ScheduleTimes& times) {
  const double scale = pixels_per_unit(times);
  const int row = kRowHeight + kRowGap;
  const double width = kLabelWidth + scale * static_cast<double>(std::max<std::int64_t>(0, times.makespan));
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
                    std::to_string(row * static_cast<int>(times.spans.size())) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n";
  for (std::size_t r = 0; r < times.spans.size(); ++r) {
    const double y = static_cast<double>(row) * static_cast<double>(r);
    svg += "<text x=\"0\" y=\"" + number(y + 16) + "\">rank " + std::to_string(r) + "</text>\n";
    for (std::size_t i = 0; i < times.spans[r].size(); ++i) {
      const auto [start, end] = times.spans[r][i];
      svg += draw_action(
          schedule, schedule.order[r][i],
          {kLabelWidth + scale * static_cast<double>(start), y, scale * static_cast<double>(end - start), kRowHeight});
    }
  }
  return svg + "</svg>\n";
}

}  // namespace orrery::models
