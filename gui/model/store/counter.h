#pragma once

#include <span>
#include <string>
#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// One curve: from times[i] on it stands at values[i].
struct Series {
  std::string name;  // "parameters"; empty where a counter has one
  std::vector<Ns> times;
  std::vector<double> values;

  double at(Ns when) const;  // 0 before the first
  // The highest value within each of out.size() equal parts of `view`.
  void sample(TimeRange view, std::span<double> out) const;
};

// A number over time, of one or several parts that add up.
struct Counter {
  std::uint32_t process = 0;
  std::string name, unit;
  std::vector<Series> series;
  double highest = 0;  // of the sum
  double limit = 0;    // what it must not pass; 0 where there is no such thing

  // Drawn as a strip of heat, not as a curve: one sees which of many is busy.
  bool is_rate() const { return unit == "B/s" || (series.size() == 1 && series[0].name == "B/s"); }

  double at(Ns when) const;
};

}  // namespace orrery::gui
