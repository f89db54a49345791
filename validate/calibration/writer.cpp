#include "validate/calibration/writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "models/compute/calibration/names.h"

namespace orrery::validate {
namespace {

using models::Calibration;
using nlohmann::ordered_json;
namespace names = models::names;

// Whole picoseconds: finer than any clock, and short in the file.
double microseconds(double seconds) {
  return std::round(seconds * 1e12) / 1e6;
}

void add_spread(ordered_json& row, const models::Interval& i, double (*unit)(double)) {
  if (i.low != i.value || i.high != i.value) row["low"] = unit(i.low), row["high"] = unit(i.high);
  if (i.samples != 1) row["samples"] = i.samples;
}

void add_time(ordered_json& row, const models::Interval& seconds) {
  row["us"] = microseconds(seconds.value);
  add_spread(row, seconds, microseconds);
}

ordered_json intervals(const std::map<std::string, models::Interval>& values) {
  ordered_json out = ordered_json::object();
  for (const auto& [name, interval] : values) {
    out[name] = {{"value", interval.value}};
    add_spread(out[name], interval, [](double x) { return x; });
  }
  return out;
}

ordered_json row_of(const models::GemmShape& s) {
  ordered_json row{{"dtype", to_string(s.dtype)}, {"role", names::of(s.role)}};
  if (s.batch != 1) row["batch"] = s.batch;
  row["m"] = s.m, row["n"] = s.n, row["k"] = s.k;
  if (s.accumulate) row["accumulate"] = true;
  return row;
}

ordered_json row_of(const models::AttentionShape& s) {
  ordered_json row{{"dtype", to_string(s.dtype)}, {"pass", s.backward ? "backward" : "forward"}, {"causal", s.causal}};
  if (s.window > 0) row["window"] = s.window;
  row.update({{"batch", s.batch},
              {"queries", s.queries},
              {"keys", s.keys},
              {"heads", s.heads},
              {"kv_heads", s.kv_heads},
              {"head_dim", s.head_dim},
              {"value_dim", s.value_dim}});
  return row;
}

ordered_json row_of(const models::MemoryBoundShape& s) {
  return {{"bytes", s.bytes.n}};
}

template <class Shape, class Keep>
ordered_json points(const Calibration& calibration, Keep keep) {
  ordered_json out = ordered_json::array();
  for (const models::KernelPoint& point : calibration.kernels) {
    const auto* shape = std::get_if<Shape>(&point.kernel.shape);
    if (shape == nullptr || !keep(*shape)) continue;
    out.push_back(row_of(*shape));
    add_time(out.back(), point.seconds);
  }
  return out;
}

const auto kAll = [](const auto&) { return true; };

void add_fit_error(const Calibration& c, const std::string& name, ordered_json& to) {
  if (const auto at = c.fit_errors.find(name); at != c.fit_errors.end()) to["fit_error"] = at->second;
}

ordered_json gemm(const Calibration& c) {
  ordered_json curves = ordered_json::object();
  for (const auto& [dtype, curve] : c.gemm) {
    const std::string name(to_string(dtype));
    ordered_json& out = curves[name];
    out = {{"ec", curve.compute_efficiency},
           {"em", curve.memory_efficiency},
           {"t0_us", microseconds(curve.launch.seconds())},
           {"p", curve.exponent}};
    if (curve.wave > 0) out["q"] = curve.wave;
    if (curve.quantize_efficiency > 0)
      out["quantize_efficiency"] = curve.quantize_efficiency,
      out["quantize_us"] = microseconds(curve.quantize_launch.seconds());
    add_fit_error(c, "gemm." + name, out);
  }
  return {{"curve", std::move(curves)}, {"points", points<models::GemmShape>(c, kAll)}};
}

ordered_json memory_bound(const Calibration& c) {
  ordered_json out = ordered_json::object();
  for (const auto& [family, curve] : c.memory_bound) {
    out[family] = {{"em", curve.efficiency}, {"t0_us", microseconds(curve.launch.seconds())}};
    add_fit_error(c, "memory_bound." + family, out[family]);
  }
  for (const models::KernelPoint& point : c.kernels) {
    const auto* shape = std::get_if<models::MemoryBoundShape>(&point.kernel.shape);
    if (shape == nullptr || out[shape->family].contains("points")) continue;
    out[shape->family]["points"] =
        points<models::MemoryBoundShape>(c, [shape](const auto& other) { return other.family == shape->family; });
  }
  return out;
}

ordered_json collective(const Calibration& c) {
  ordered_json rows = ordered_json::array(), lines = ordered_json::array();
  for (const models::TransferPoint& p : c.transfers) {
    rows.push_back({{"op", names::of(p.kind)}, {"ranks", p.ranks}, {"nodes", p.nodes}, {"bytes", p.bytes.n}});
    add_time(rows.back(), p.seconds);
    if (!p.algorithm.empty()) rows.back()["algo"] = p.algorithm;
    if (!p.protocol.empty()) rows.back()["proto"] = p.protocol;
  }
  for (const models::TransferLine& l : c.transfer_lines)
    lines.push_back({{"op", names::of(l.kind)},
                     {"ranks", l.ranks},
                     {"nodes", l.nodes},
                     {"alpha_us", microseconds(l.alpha_s)},
                     {"beta_s_per_byte", l.beta_s_per_byte},
                     {"r2", l.r2}});
  return {{"points", std::move(rows)}, {"alpha_beta", std::move(lines)}};
}

ordered_json checks(const std::vector<models::CalibrationCheck>& checks) {
  ordered_json out = ordered_json::array();
  for (const models::CalibrationCheck& check : checks) {
    out.push_back({{"name", check.name}, {"predicted_us", microseconds(check.predicted_s)}});
    add_time(out.back(), check.measured_s);
  }
  return out;
}

ordered_json machine(const Calibration& c) {
  ordered_json out{{"gpu", c.gpu}};
  for (const auto& [key, value] : c.machine)
    if (key != "gpu") out[key] = value;  // that is the preset, whatever a driver calls the chip
  return out;
}

}  // namespace

std::string calibration_json(const Calibration& c) {
  const ordered_json out{{"schema", "orrery-calibration/" + std::to_string(Calibration::kMajor)},
                         {"created_utc", c.created_utc},
                         {"tool", c.tool},
                         {"machine", machine(c)},
                         {"conditions", intervals(c.conditions)},
                         {"peaks", intervals(c.peaks)},
                         {"launch", intervals(c.launch)},
                         {"gemm", gemm(c)},
                         {"attention", {{"points", points<models::AttentionShape>(c, kAll)}}},
                         {"memory_bound", memory_bound(c)},
                         {"collective", collective(c)},
                         {"interference", intervals(c.interference)},
                         {"check", {{"layers", checks(c.layers)}, {"steps", checks(c.steps)}}}};
  return out.dump(1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace orrery::validate
