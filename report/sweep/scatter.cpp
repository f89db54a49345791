#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/html/svg.h"
#include "report/sweep/charts.h"
#include "report/text.h"

namespace orrery::report {

using sweep::Row;

std::string setting_of(const Row& row) {
  const auto config = nlohmann::ordered_json::parse(row.config, nullptr, false);
  std::string text;
  for (const auto& [key, value] : config.items())
    text += (text.empty() ? "" : ", ") + key + " " + (value.is_string() ? value.get<std::string>() : value.dump());
  return text;
}

namespace {

using svg::escaped;

constexpr std::size_t kMostPoints = 5000;
constexpr double kWidth = 1000, kHeight = 420, kLeft = 60, kBottom = 40, kTop = 12, kRight = 24;

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + svg::number(value) + "\"";
}

// Step time to the right, memory upwards.
class Scatter {
 public:
  explicit Scatter(const std::vector<const Row*>& points) {
    for (const Row* row : points) {
      longest_ = std::max(longest_, row->outcome.step_time_s);
      largest_ = std::max(largest_, static_cast<double>(row->outcome.reserved_bytes));
    }
  }

  std::string draw(const std::vector<const Row*>& points, const std::vector<const Row*>& front) const {
    std::string text = "<svg viewBox=\"0 0 1000 420\" role=\"img\" aria-label=\"step time against memory\">";
    text += grid();
    for (std::size_t i = std::min(kMostPoints, points.size()); i-- > 0;) text += dot(*points[i], false);
    std::string line;
    for (const Row* row : front)
      line += (line.empty() ? "" : " ") + svg::number(x(row->outcome.step_time_s)) + "," +
              svg::number(y(static_cast<double>(row->outcome.reserved_bytes)));
    text += "<polyline class=\"front\" points=\"" + line + "\"/>";
    for (const Row* row : front) text += dot(*row, true);
    return text + "</svg>";
  }

 private:
  double x(double seconds) const { return kLeft + (kWidth - kLeft - kRight) * (longest_ > 0 ? seconds / longest_ : 0); }
  double y(double bytes) const {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * (largest_ > 0 ? bytes / largest_ : 0);
  }

  std::string grid() const {
    std::string text;
    for (int i = 0; i <= 4; ++i) {
      const double bytes = largest_ * i / 4, seconds = longest_ * i / 4;
      text += "<line class=\"axis\"" + attribute("x1", kLeft) + attribute("x2", kWidth - kRight) +
              attribute("y1", y(bytes)) + attribute("y2", y(bytes)) + "/><text text-anchor=\"end\"" +
              attribute("x", kLeft - 8) + attribute("y", y(bytes) + 4) + ">" + significant(bytes / (1 << 30), 3) +
              "</text>";
      text += "<text text-anchor=\"middle\"" + attribute("x", x(seconds)) + attribute("y", kHeight - kBottom + 18) +
              ">" + human_seconds(seconds) + "</text>";
    }
    return text + "<text text-anchor=\"end\"" + attribute("x", kWidth - kRight) + attribute("y", kHeight - 4) +
           ">step time</text><text" + attribute("x", 4) + attribute("y", kTop + 2) + ">GiB</text>";
  }

  std::string dot(const Row& row, bool on_front) const {
    const char* of = on_front ? "on" : row.outcome.fits ? "in" : "out";
    return std::string("<circle class=\"") + of + "\"" + attribute("cx", x(row.outcome.step_time_s)) +
           attribute("cy", y(static_cast<double>(row.outcome.reserved_bytes))) + attribute("r", on_front ? 5 : 3.5) +
           "><title>" +
           escaped(setting_of(row) + ": " + human_seconds(row.outcome.step_time_s) + ", " +
                   gib({row.outcome.reserved_bytes}) + " GiB" + (row.outcome.fits ? "" : ", does not fit")) +
           "</title></circle>";
  }

  double longest_ = 0, largest_ = 0;
};

}  // namespace

std::string scatter(const std::vector<const Row*>& points, const std::vector<const Row*>& front) {
  return Scatter(points).draw(points, front);
}

}  // namespace orrery::report
