#include "report/json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "models/layout/layout.h"
#include "report/jobs.h"
#include "report/memory/memory_report.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

ordered_json layout_json(const models::LayoutSpec& layout) {
  ordered_json out{{"tp", layout.tp}, {"cp", layout.cp},   {"pp", layout.pp},    {"dp", layout.dp},
                   {"ep", layout.ep}, {"etp", layout.etp}, {"zero", layout.zero}};
  // Told also where there is none: the columns of a CSV are the same for every scenario.
  out["fsdp"] = layout.fsdp.empty() ? ordered_json() : ordered_json(layout.fsdp);
  out["sequence_parallel"] = layout.sequence_parallel;
  const std::string replicas = models::replicas_text(layout);
  out["stage_replicas"] = replicas.empty() ? ordered_json() : ordered_json(replicas);
  return out;
}

ordered_json conventions_json(const Result& result) {
  ordered_json out = ordered_json::object();
  for (const Convention& c : result.conventions)
    out[c.name] = {
        {"model_flops_per_step", c.model_flops.n}, {"model_tflops_per_gpu", c.model_tflops_per_gpu}, {"mfu", c.mfu}};
  return out;
}

ordered_json time_json(const TimeParts& time) {
  ordered_json out = ordered_json::object();
  for (const TimeParts::Part& part : TimeParts::all()) out[part.key] = (time.*part.member).seconds();
  return out;
}

ordered_json stage_json(const StageMemory& s) {
  return {{"stage", s.stage},
          {"rank", s.rank.value},
          {"peak_bytes", s.peak.n},
          {"parameters_bytes", s.parameters.n},
          {"gradients_bytes", s.gradients.n},
          {"optimizer_bytes", s.optimizer.n},
          {"activations_bytes", s.activations.n},
          {"buffers_bytes", s.buffers.n},
          {"reserved_bytes", s.reserved.n},
          {"in_flight_micro_batches", s.in_flight_micro_batches}};
}

ordered_json memory_json(const Memory& memory) {
  ordered_json stages = ordered_json::array();
  const bool differ = std::any_of(memory.stages.begin(), memory.stages.end(), [&](const StageMemory& stage) {
    return stage.capacity != memory.stages.front().capacity;
  });
  for (const StageMemory& stage : memory.stages) {
    stages.push_back(stage_json(stage));
    if (differ) stages.back()["capacity_bytes"] = stage.capacity.n;
  }
  return {{"capacity_bytes", memory.capacity.n}, {"peak_bytes", memory.peak.n}, {"reserved_bytes", memory.reserved.n},
          {"runtime_bytes", memory.runtime.n},   {"fits", memory.fits},         {"stages", std::move(stages)}};
}

ordered_json network_json(const Result& result) {
  ordered_json kinds = ordered_json::object();
  for (const auto& [kind, bytes] : result.bytes_by_link_kind) kinds[kind] = bytes.n;
  ordered_json links = ordered_json::array();
  for (const BusyLink& link : result.busiest_links)
    links.push_back({{"link", link.name},
                     {"kind", link.kind},
                     {"alike", link.alike},
                     {"capacity_bytes_per_s", link.capacity.n},
                     {"bytes", link.bytes.n},
                     {"utilisation", link.utilisation},
                     {"busy_s", link.busy.seconds()}});
  return {{"bytes_by_link_kind", std::move(kinds)}, {"busiest_links", std::move(links)}};
}

ordered_json published_json(const std::vector<Published>& published) {
  ordered_json out = ordered_json::array();
  for (const Published& p : published) {
    ordered_json row{{"metric", p.measured.metric},
                     {"published", p.measured.value},
                     {"predicted", nullptr},
                     {"relative_error", nullptr},
                     {"source", p.measured.source}};
    if (!p.measured.convention.empty()) row["convention"] = p.measured.convention;
    if (p.predicted) {
      row["predicted"] = *p.predicted;
      if (p.measured.value != 0) row["relative_error"] = *p.predicted / p.measured.value - 1;
    }
    out.push_back(std::move(row));
  }
  return out;
}

ordered_json document(const Result& r) {
  ordered_json out{
      {"schema_version", 1},
      {"orrery", ORRERY_VERSION},
      {"scenario", r.scenario},
      {"digest", hex(r.digest.value())},
      {"gpus", r.gpus},
      {"layout", layout_json(r.layout)},
      {"step_time_s", r.step_time.seconds()},
      {"tokens_per_s", r.tokens_per_s},
      {"tokens_per_s_per_gpu", r.tokens_per_s / r.gpus},
      {"samples_per_s", r.samples_per_s},
      {"model_flops_per_step", r.model_flops.n},
      {"hardware_flops_per_step", r.hardware_flops.n},
      {"model_tflops_per_gpu", r.model_tflops_per_gpu},
      {"mfu", r.mfu},
      {"hfu", r.hfu},
      {"peak", {{"flops_per_s", r.peak.n}, {"precision", r.peak_dtype}, {"gpu", r.gpu}}},
      {"flops_conventions", conventions_json(r)},
      {"bubble_fraction", r.bubble_fraction()},
      {"time", time_json(r.time)},
      {"memory", memory_json(r.memory)},
      {"network", network_json(r)},
      {"engine",
       {{"ranks", r.gpus},
        {"ranks_simulated", r.ranks_simulated},
        {"ops", r.ops},
        {"events", r.events},
        {"wall_s", r.wall_s}}},
  };
  if (!r.published.empty()) out["published"] = published_json(r.published);
  if (r.calibration)
    out["calibration"] = {{"file", r.calibration->file},
                          {"kernels_measured", r.calibration->measured},
                          {"kernels_corrected", r.calibration->corrected},
                          {"kernels_by_curve", r.calibration->by_curve},
                          {"transfers_measured", r.calibration->transfers_measured},
                          {"transfers_modelled", r.calibration->transfers_modelled},
                          {"contention_measured", r.calibration->contention}};
  if (r.step_interval)
    out["intervals"] = {
        {"draws", r.step_interval->draws},
        {"step_time_s", {{"low", r.step_interval->low.seconds()}, {"high", r.step_interval->high.seconds()}}}};
  if (!r.jobs.empty()) out["jobs"] = ordered_json::parse(jobs_json(r));
  out["defaults_used"] = r.defaults_used;
  out["warnings"] = r.warnings;
  return out;
}

// A name of the user's may hold bytes that are no UTF-8; a result is still due.
std::string dump(const ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

void flatten(const ordered_json& value, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& out) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) flatten(child, path.empty() ? key : path + "." + key, out);
  } else if (!value.is_array()) {
    out.emplace_back(path, value.is_string() ? value.get<std::string>() : dump(value, -1));
  }
}

std::string csv_line(const Result& result, bool header) {
  std::vector<std::pair<std::string, std::string>> fields;
  flatten(document(result), "", fields);
  std::string line;
  for (const auto& [path, value] : fields) line += (line.empty() ? "" : ",") + csv_field(header ? path : value);
  return line + '\n';
}

}  // namespace

std::string to_json(const Result& result, int indent) {
  return dump(document(result), indent) + '\n';
}

namespace {

ordered_json peak_json(const PeakMoment& peak) {
  ordered_json live = ordered_json::array();
  for (const LiveAllocation& each : peak.live)
    live.push_back({{"label", each.label}, {"cause", each.cause}, {"count", each.count}, {"bytes", each.bytes.n}});
  return {{"into_step_s", peak.into_step.seconds()}, {"during", peak.during}, {"live", std::move(live)}};
}

ordered_json remedies_json(const std::vector<Remedy>& remedies) {
  ordered_json out = ordered_json::array();
  for (const Remedy& remedy : remedies)
    out.push_back({{"change", remedy.change},
                   {"needed_bytes", remedy.needed.n},
                   {"fits", remedy.fits},
                   {"step_time_s", remedy.step.seconds()}});
  return out;
}

}  // namespace

std::string memory_json(const MemoryAnswer& answer) {
  ordered_json levels = ordered_json::array();
  for (const auto& stage : answer.over.levels) {
    ordered_json row = ordered_json::array();
    for (const Bytes level : stage) row.push_back(level.n);
    levels.push_back(std::move(row));
  }
  ordered_json out{
      {"schema_version", 1},
      {"memory", memory_json(answer.memory)},
      {"peak", peak_json(answer.peak)},
      {"over_time", {{"step_time_s", answer.over.step.seconds()}, {"highest_bytes_by_stage", std::move(levels)}}},
      {"would_fit", remedies_json(answer.remedies)}};
  for (const JobMemory& job : answer.jobs)
    out["jobs"].push_back({{"name", job.name},
                           {"file", job.file},
                           {"first_node", job.first_node},
                           {"nodes", job.nodes},
                           {"memory", memory_json(job.memory)}});
  return dump(out, 2) + '\n';
}

std::string csv_header(const Result& result) {
  return csv_line(result, true);
}

std::string csv_row(const Result& result) {
  return csv_line(result, false);
}

namespace {

// A member by its name, an element of a list by its number (memory.stages.0.peak_bytes); null where there is none.
ordered_json part_of(const ordered_json& value, const std::string& key) {
  if (value.is_object() && value.contains(key)) return value[key];
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool is_number = error == std::errc() && end == key.data() + key.size();
  return value.is_array() && is_number && index < value.size() ? value[index] : ordered_json();
}

}  // namespace

std::optional<double> metric(const Result& result, const std::string& path, const std::string& convention) {
  ordered_json value = document(result);
  std::string full = path;
  if (!convention.empty() && (path == "model_tflops_per_gpu" || path == "mfu"))
    full = "flops_conventions." + convention + "." + path;
  for (std::size_t from = 0; from <= full.size();) {
    const std::size_t dot = std::min(full.find('.', from), full.size());
    value = part_of(value, full.substr(from, dot - from));
    from = dot + 1;
  }
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

}  // namespace orrery::report
