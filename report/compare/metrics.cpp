#include "report/compare/metrics.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

// How it was computed, not what.
bool is_about_the_run(const std::string& path) {
  return path.starts_with("engine.") || path == "schema_version" || path == "orrery" || path == "digest";
}

void flatten(const ordered_json& value, const std::string& path, Metrics& metrics) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) flatten(child, path.empty() ? key : path + "." + key, metrics);
  } else if (is_about_the_run(path)) {
    return;
  } else if (value.is_number()) {
    metrics.numbers.emplace_back(path, value.get<double>());
  } else if (value.is_string() || value.is_boolean()) {
    metrics.texts.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

// Why a document is no result; nothing when it is one.
std::string refusal(const ordered_json& document) {
  const auto has = [&](const char* key) { return document.is_object() && document.contains(key); };
  if (has("prediction") && has("order_tau")) return "is a validation: it compares already";
  if (has("config") || has("config_json") || has("attempt"))
    return "is a point of a sweep; compare results of orrery run FILE --format json";
  if (has("rows")) return "is a table of collectives; compare results of orrery run FILE --format json, or traces";
  if (has("step_time_s") && document["step_time_s"].is_number() && has("time") && has("memory")) return "";
  return "is no result of orrery run FILE --format json";
}

double number(const Metrics& metrics, const std::string& path) {
  for (const auto& [name, value] : metrics.numbers)
    if (name == path) return value;
  return 0;
}

}  // namespace

Result<Metrics> result_metrics(const std::string& json, const std::string& file) {
  const ordered_json document = ordered_json::parse(json, nullptr, false);
  if (document.is_discarded()) {
    const std::size_t end = json.find('\n');
    const bool lines =
        end != std::string::npos && !ordered_json::parse(json.substr(0, end), nullptr, false).is_discarded();
    return Error{{file, 0, 0}, lines ? "holds several results, one a line; give one" : "is no JSON document"};
  }
  if (const std::string why = refusal(document); !why.empty()) return Error{{file, 0, 0}, why};
  Metrics metrics;
  flatten(document, "", metrics);
  return metrics;
}

Metrics trace_metrics(const interop::TraceBreakdown& breakdown) {
  double ranks = 0, step = 0, compute = 0, exposed = 0, copies = 0, idle = 0;
  for (const interop::RankTime& rank : breakdown.ranks) {
    if (rank.window <= Duration()) continue;
    const double steps = static_cast<double>(std::max<std::int64_t>(rank.steps, 1));
    ranks += 1;
    step += rank.window.seconds() / steps;
    compute += rank.compute.seconds() / steps;
    exposed += rank.exposed_communication.seconds() / steps;
    copies += rank.exposed_copies.seconds() / steps;
    idle += rank.idle.seconds() / steps;
  }
  if (ranks == 0) return {};
  return {{{"step_time_s", step / ranks},
           {"compute_s", compute / ranks},
           {"exposed_communication_s", exposed / ranks},
           {"exposed_copies_s", copies / ranks},
           {"idle_s", idle / ranks}},
          {}};
}

Metrics as_of_a_trace(const Metrics& result) {
  const auto sum = [&](std::initializer_list<const char*> parts) {
    double total = 0;
    for (const char* part : parts) total += number(result, std::string("time.") + part + "_s");
    return total;
  };
  return {{{"step_time_s", number(result, "step_time_s")},
           {"compute_s", sum({"compute", "recompute", "optimizer", "other"})},
           {"exposed_communication_s", sum({"exposed_tp", "exposed_cp", "exposed_ep", "exposed_pp", "exposed_dp"})},
           {"exposed_copies_s", sum({"offload"})},
           {"idle_s", sum({"bubble", "host"})}},
          {}};
}

}  // namespace orrery::report
