#include "sweep/variables.h"

#include <algorithm>

#include "sim/base/read/quantity.h"

namespace orrery::sweep {
namespace {

using models::Scenario;

struct OfScenario {
  const char* name;
  const char* path;  // the key's, where it is one
  Value (*value)(const Scenario&);
};

constexpr OfScenario kScenario[] = {
    {"tp", "layout.tp", [](const Scenario& s) -> Value { return double(s.layout.tp); }},
    {"cp", "layout.cp", [](const Scenario& s) -> Value { return double(s.layout.cp); }},
    {"pp", "layout.pp", [](const Scenario& s) -> Value { return double(s.layout.pp); }},
    {"dp", "layout.dp", [](const Scenario& s) -> Value { return double(s.layout.dp); }},
    {"ep", "layout.ep", [](const Scenario& s) -> Value { return double(s.layout.ep); }},
    {"etp", "layout.etp", [](const Scenario& s) -> Value { return double(s.layout.etp); }},
    {"zero", "layout.zero", [](const Scenario& s) -> Value { return double(s.layout.zero); }},
    {"fsdp", "layout.fsdp", [](const Scenario& s) -> Value { return s.layout.fsdp; }},
    {"sequence_parallel", "layout.sequence_parallel",
     [](const Scenario& s) -> Value { return s.layout.sequence_parallel; }},
    {"gpus", "", [](const Scenario& s) -> Value { return double(s.cluster.gpus()); }},
    {"nodes", "cluster.nodes", [](const Scenario& s) -> Value { return double(s.cluster.nodes); }},
    {"gpus_per_node", "cluster.gpus_per_node",
     [](const Scenario& s) -> Value { return double(s.cluster.gpus_per_node); }},
    {"gpu_memory", "", [](const Scenario& s) -> Value { return double(s.cluster.least_memory().n); }},
    {"sequence_length", "training.sequence_length",
     [](const Scenario& s) -> Value { return double(s.training.sequence_length); }},
    {"global_batch", "training.global_batch",
     [](const Scenario& s) -> Value { return double(s.training.global_batch); }},
    {"micro_batch", "training.micro_batch", [](const Scenario& s) -> Value { return double(s.training.micro_batch); }},
    {"micro_batches", "", [](const Scenario& s) -> Value { return double(s.micro_batches()); }},
    {"schedule", "pipeline.schedule", [](const Scenario& s) -> Value { return s.pipeline.schedule; }},
    {"virtual_stages", "pipeline.virtual_stages",
     [](const Scenario& s) -> Value { return double(s.pipeline.virtual_stages); }},
    {"layers", "model.layers", [](const Scenario& s) -> Value { return double(s.model.layers); }},
    {"hidden", "model.hidden", [](const Scenario& s) -> Value { return double(s.model.hidden); }},
    {"heads", "model.heads", [](const Scenario& s) -> Value { return double(s.model.heads); }},
    {"kv_heads", "model.kv_heads", [](const Scenario& s) -> Value { return double(s.model.kv_heads); }},
    {"experts", "model.moe.experts",
     [](const Scenario& s) -> Value { return s.model.moe ? double(s.model.moe->experts) : 0.0; }},
};

struct OfOutcome {
  const char* name;
  Value (*value)(const Outcome&);
};

constexpr OfOutcome kOutcome[] = {
    {"fits", [](const Outcome& o) -> Value { return o.fits; }},
    {"step_time", [](const Outcome& o) -> Value { return o.step_time_s; }},
    {"tokens_per_s", [](const Outcome& o) -> Value { return o.tokens_per_s; }},
    {"tokens_per_s_per_gpu", [](const Outcome& o) -> Value { return o.gpus > 0 ? o.tokens_per_s / o.gpus : 0.0; }},
    {"model_tflops_per_gpu", [](const Outcome& o) -> Value { return o.model_tflops_per_gpu; }},
    {"mfu", [](const Outcome& o) -> Value { return o.mfu; }},
    {"bubble_fraction", [](const Outcome& o) -> Value { return o.bubble_fraction; }},
    {"exposed_comm", [](const Outcome& o) -> Value { return o.exposed_comm_s; }},
    {"peak_memory", [](const Outcome& o) -> Value { return double(o.peak_bytes); }},
    {"reserved_memory", [](const Outcome& o) -> Value { return double(o.reserved_bytes); }},
};

}  // namespace

std::optional<Value> scenario_value(const Scenario& scenario, std::string_view name) {
  for (const OfScenario& v : kScenario)
    if (name == v.name || (v.path[0] != '\0' && name == v.path)) return v.value(scenario);
  return std::nullopt;
}

std::optional<Value> outcome_value(const Outcome& outcome, std::string_view name) {
  for (const OfOutcome& v : kOutcome)
    if (name == v.name) return v.value(outcome);
  return std::nullopt;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const OfScenario& v : kScenario) names.emplace_back(v.name);
  for (const OfScenario& v : kScenario)
    if (v.path[0] != '\0') names.emplace_back(v.path);
  return names;
}

std::vector<std::string> outcome_names() {
  std::vector<std::string> names;
  for (const OfOutcome& v : kOutcome) names.emplace_back(v.name);
  return names;
}

Value value_of(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  if (const auto number = parse_number(text, {})) return *number;
  if (const auto count = parse_count(text, {})) return static_cast<double>(*count);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace orrery::sweep
