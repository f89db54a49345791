#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "report/html/svg.h"
#include "report/sweep/charts.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::json;
using sweep::Row;

constexpr std::size_t kMostLines = 1000, kBest = 10;
constexpr double kWidth = 1000, kHeight = 380, kTop = 44, kBottom = 16, kSide = 70;

// One upright axis: where each point stands on it, from 0 (below) to 1, and what is written beside it.
struct Axis {
  std::string name;
  std::vector<std::optional<double>> places;            // of points
  std::vector<std::pair<double, std::string>> legends;  // place, text
};

// Values one above the other at equal distances, numbers by size, words as they come.
Axis of_key(const std::string& key, const std::vector<json>& settings) {
  Axis axis{key, {}, {}};
  std::vector<json> values;
  for (const json& setting : settings)
    if (setting.contains(key) && std::find(values.begin(), values.end(), setting[key]) == values.end())
      values.push_back(setting[key]);
  if (std::all_of(values.begin(), values.end(), [](const json& v) { return v.is_number(); }))
    std::sort(values.begin(), values.end(),
              [](const json& a, const json& b) { return a.get<double>() < b.get<double>(); });
  const auto place = [&](std::size_t i) {
    return values.size() > 1 ? static_cast<double>(i) / static_cast<double>(values.size() - 1) : 0.5;
  };
  for (std::size_t i = 0; i < values.size(); ++i)
    axis.legends.emplace_back(place(i), values[i].is_string() ? values[i].get<std::string>() : values[i].dump());
  for (const json& setting : settings) {
    axis.places.emplace_back();
    if (setting.contains(key))
      axis.places.back() =
          place(static_cast<std::size_t>(std::find(values.begin(), values.end(), setting[key]) - values.begin()));
  }
  return axis;
}

// From the least to the largest value.
Axis of_outcome(const std::string& name, const std::vector<const Row*>& points, double (*value)(const sweep::Outcome&),
                std::string (*text)(double)) {
  Axis axis{name, {}, {}};
  double least = value(points.front()->outcome), most = least;
  for (const Row* row : points)
    least = std::min(least, value(row->outcome)), most = std::max(most, value(row->outcome));
  for (const Row* row : points)
    axis.places.emplace_back(most > least ? (value(row->outcome) - least) / (most - least) : 0.5);
  axis.legends.emplace_back(most > least ? 0 : 0.5, text(least));
  if (most > least) axis.legends.emplace_back(1, text(most));
  return axis;
}

class Drawing {
 public:
  Drawing(const std::vector<const Row*>& points, std::vector<Axis> axes) : points_(points), axes_(std::move(axes)) {}

  std::string draw() const {
    std::string text = "<svg viewBox=\"0 0 1000 380\" role=\"img\" aria-label=\"settings and outcomes of layouts\">";
    for (std::size_t i = points_.size(); i-- > 0;) text += line(i);
    for (std::size_t a = 0; a < axes_.size(); ++a) text += upright(a);
    return text + "</svg>";
  }

 private:
  double x(std::size_t axis) const {
    const double steps = std::max<double>(1, static_cast<double>(axes_.size()) - 1);
    return kSide + (kWidth - 2 * kSide) * static_cast<double>(axis) / steps;
  }
  static double y(double place) { return kHeight - kBottom - (kHeight - kTop - kBottom) * place; }

  std::string line(std::size_t point) const {
    const Row& row = *points_[point];
    std::string through;
    for (std::size_t a = 0; a < axes_.size(); ++a)
      if (const auto place = axes_[a].places[point])
        through += (through.empty() ? "" : " ") + svg::number(x(a)) + "," + svg::number(y(*place));
    const char* kind = !row.outcome.fits ? " out" : point < kBest ? " best" : "";
    return std::string("<polyline class=\"line") + kind + "\" points=\"" + through + "\"><title>" +
           svg::escaped(setting_of(row) + ": " + human_seconds(row.outcome.step_time_s) + ", " +
                        percent(row.outcome.mfu) + " MFU, " + gib({row.outcome.reserved_bytes}) + " GiB") +
           "</title></polyline>";
  }

  std::string upright(std::size_t a) const {
    const std::string at = svg::number(x(a));
    std::string text = "<line class=\"axis\" x1=\"" + at + "\" x2=\"" + at + "\" y1=\"" + svg::number(y(0)) +
                       "\" y2=\"" + svg::number(y(1)) + "\"/>";
    // Neighbours' names at two heights, for they are long.
    text += "<text class=\"name\" text-anchor=\"middle\" x=\"" + at + "\" y=\"" + (a % 2 == 0 ? "14" : "30") + "\">" +
            svg::escaped(axes_[a].name) + "</text>";
    const std::string beside = svg::number(x(a) + 6);
    for (const auto& [place, legend] : axes_[a].legends)
      text += "<text x=\"" + beside + "\" y=\"" + svg::number(y(place) + 4) + "\">" + svg::escaped(legend) + "</text>";
    return text;
  }

  const std::vector<const Row*>& points_;
  std::vector<Axis> axes_;
};

}  // namespace

std::string parallel_coordinates(const std::vector<const Row*>& points, const std::vector<std::string>& keys) {
  if (points.empty()) return {};
  const std::vector<const Row*> shown(
      points.begin(), points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), kMostLines)));
  std::vector<json> settings;
  for (const Row* row : shown) settings.push_back(json::parse(row->config, nullptr, false));
  std::vector<Axis> axes;
  for (const std::string& key : keys)
    if (Axis axis = of_key(key, settings); axis.legends.size() > 1) axes.push_back(std::move(axis));
  axes.push_back(of_outcome(
      "step", shown, [](const sweep::Outcome& o) { return o.step_time_s; }, human_seconds));
  axes.push_back(of_outcome(
      "MFU", shown, [](const sweep::Outcome& o) { return o.mfu; }, percent));
  axes.push_back(of_outcome(
      "GiB", shown, [](const sweep::Outcome& o) { return static_cast<double>(o.reserved_bytes); },
      [](double bytes) { return gib({static_cast<std::int64_t>(bytes)}); }));
  return Drawing(shown, std::move(axes)).draw();
}

}  // namespace orrery::report
