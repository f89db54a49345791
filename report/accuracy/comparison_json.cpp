#include <nlohmann/json.hpp>

#include "report/accuracy/comparison.h"
#include "report/json.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

ordered_json compared(const validate::Compared& c) {
  ordered_json out{{"predicted", c.predicted}, {"measured", c.measured}, {"error", nullptr}};
  if (const auto error = c.error()) out["error"] = *error;
  return out;
}

ordered_json compared(const std::optional<validate::Compared>& c) {
  return c ? compared(*c) : ordered_json();
}

ordered_json classes(const validate::Comparison& c) {
  ordered_json out = ordered_json::array();
  for (const validate::ComparedClass& one : c.classes)
    out.push_back({{"op", one.name}, {"count", one.count}, {"time_s", compared(one.time_s)}});
  return out;
}

ordered_json ranks(const validate::Comparison& c) {
  ordered_json out = ordered_json::array();
  for (const validate::ComparedRank& r : c.ranks)
    out.push_back({{"rank", r.rank.value},
                   {"step_time_s", compared(r.step_s)},
                   {"busy_s", compared(r.busy_s)},
                   {"exposed_s", compared(r.exposed_s)},
                   {"late_s", compared(r.late_s)},
                   {"bubble_s", compared(r.bubble_s)},
                   {"peak_bytes", compared(r.peak_bytes)},
                   {"order_tau", r.order_tau}});
  return out;
}

}  // namespace

std::string comparison_json(const Validation& v) {
  const validate::Comparison& c = v.comparison;
  const ordered_json out{
      {"schema_version", 1},
      {"scenario", v.prediction.scenario},
      {"device", v.device},
      {"transport", v.transport},
      {"steps", v.steps},
      {"step_time_s", compared(c.step_s)},
      {"measured_step_range_s", {c.measured_low_s, c.measured_high_s}},
      {"timing_cost", c.timing_cost ? ordered_json(*c.timing_cost) : ordered_json()},
      {"bubble_fraction", compared(c.bubble_fraction)},
      {"exposed_s", compared(c.exposed_s)},
      {"peak_bytes", compared(c.peak_bytes)},
      {"reserved_bytes", compared(c.reserved_bytes)},
      {"runtime_bytes", compared(c.runtime_bytes)},
      {"order_tau", c.order_tau},
      {"worst_error", c.worst_error()},
      {"ops", classes(c)},
      {"ranks", ranks(c)},
      {"notes", v.notes},
      {"prediction", ordered_json::parse(to_json(v.prediction))},
  };
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace orrery::report
