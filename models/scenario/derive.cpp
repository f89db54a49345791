// What was left out and follows from the rest. Each value found here is listed
// among the defaults.
#include <algorithm>
#include <numeric>

#include "models/layout/layout.h"
#include "models/layout/stage_costs.h"
#include "models/layout/tensor_grid.h"
#include "models/scenario/reading.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

// A named model's file is the source of its shape; what it leaves to the rules
// of this page is not news.
void derived_model(Reading& reading, std::string_view key, const std::string& value) {
  if (!reading.model_is_named) reading.defaulted(key, value);
}

std::string text(bool value) {
  return value ? "true" : "false";
}

std::string text(const std::vector<int>& numbers) {
  std::string list = "[";
  for (const int n : numbers) list += (list.size() > 1 ? ", " : "") + std::to_string(n);
  return list + "]";
}

void derive_head_dim(Reading& reading) {
  ModelSpec& model = reading.scenario.model;
  if (reading.written("model.head_dim")) return;
  if (model.hidden % model.heads != 0) {
    reading.fail("model.heads", "heads " + std::to_string(model.heads) + " does not divide hidden " +
                                    std::to_string(model.hidden) + "; write head_dim if it is not hidden / heads");
    return;
  }
  model.head_dim = model.hidden / model.heads;
  if (!model.mla) derived_model(reading, "model.head_dim", std::to_string(model.head_dim));
}

}  // namespace

void derive_model(Reading& reading) {
  ModelSpec& model = reading.scenario.model;
  if (!reading.knows({"model.hidden", "model.heads", "model.norm", "model.activation"})) return;
  if (!reading.written("model.ffn")) {
    model.ffn = 4 * model.hidden;
    derived_model(reading, "model.ffn", std::to_string(model.ffn));
  }
  if (!reading.written("model.kv_heads")) {
    model.kv_heads = model.heads;
    derived_model(reading, "model.kv_heads", std::to_string(model.kv_heads));
  }
  derive_head_dim(reading);
  if (!reading.written("model.bias")) {
    model.bias = model.norm == Norm::layernorm && model.activation == Activation::gelu;
    derived_model(reading, "model.bias", text(model.bias));
  }
}

namespace {

// Ranks of dp*cp inside a node: the node's GPUs over tp, as a divisor of dp*cp.
int replicas_in_a_node(const Scenario& scenario) {
  const LayoutSpec& layout = scenario.layout;
  int group = std::min(std::max(1, scenario.cluster.gpus_per_node / layout.tp), layout.dp * layout.cp);
  while (layout.dp * layout.cp % group != 0) --group;
  return group;
}

void derive_shard_group(Reading& reading) {
  LayoutSpec& layout = reading.scenario.layout;
  if (reading.has_cluster && reading.knows({"layout.dp"}))
    layout.zeropp.node_group = replicas_in_a_node(reading.scenario);
  if (reading.written("layout.shard_group") || !reading.knows({"layout.dp", "layout.fsdp"})) return;
  if (layout.fsdp == "hybrid_shard" && reading.has_cluster) {
    layout.shard_group = replicas_in_a_node(reading.scenario);
    reading.defaulted("layout.shard_group", std::to_string(layout.shard_group));
  } else if (layout.optimizer_instances > 1 && layout.dp * layout.cp % layout.optimizer_instances == 0) {
    layout.shard_group = layout.dp * layout.cp / layout.optimizer_instances;
  }
}

void derive_sequence_parallel(Reading& reading) {
  LayoutSpec& layout = reading.scenario.layout;
  const bool is_table = !reading.scenario.model.table.empty(), is_grid = tensor_grid(layout).active();
  const bool asked = reading.written("layout.sequence_parallel") && layout.sequence_parallel;
  if (!reading.written("layout.sequence_parallel") && !is_table) {
    layout.sequence_parallel = layout.tp > 1 && !is_grid;
    return reading.defaulted("layout.sequence_parallel", text(layout.sequence_parallel));
  }
  // At tp 1 frameworks switch it off in silence; so a scenario with tp swept down to 1 keeps running.
  const char* why = layout.tp == 1 ? "at tp 1"
                    : is_grid      ? "where tp_dimensions split everything"
                    : is_table     ? "on a layer_table, whose rows say what is split"
                                   : nullptr;
  if (!why) return;
  layout.sequence_parallel = false;
  if (asked) reading.scenario.warnings.push_back(std::string("layout.sequence_parallel has no effect ") + why);
}

}  // namespace

void derive_layout(Reading& reading) {
  LayoutSpec& layout = reading.scenario.layout;
  if (!reading.knows({"layout.tp", "layout.cp", "layout.pp"})) {
    reading.broken.emplace("layout.dp");  // what remains cannot be known
    return;
  }
  const std::int64_t fixed = std::int64_t{layout.tp} * layout.cp * layout.pp;
  const int gpus = reading.scenario.cluster.gpus();
  const bool fills = reading.has_cluster && fixed <= gpus && gpus % fixed == 0;
  if (!layout.stage_replicas.empty()) {
    if (!reading.written("layout.dp")) layout.dp = 1;  // replicas are counted by stage
  } else if (!reading.written("layout.dp") && fills) {
    layout.dp = static_cast<int>(gpus / fixed);
    reading.defaulted("layout.dp", std::to_string(layout.dp));
  } else if (!reading.written("layout.dp")) {
    reading.broken.emplace("layout.dp");
  }
  if (!reading.written("layout.etp")) {
    layout.etp = layout.ep > 1 ? 1 : layout.tp;
    if (reading.scenario.model.moe) reading.defaulted("layout.etp", std::to_string(layout.etp));
  }
  derive_shard_group(reading);
  derive_sequence_parallel(reading);
  if (layout.pp > 1) apply_habits_with_stages(reading);
}

namespace {

bool deals_by_cost(const Reading& reading) {
  const Scenario& scenario = reading.scenario;
  return scenario.software.stages_by_cost && scenario.model.table.empty() &&
         reading.knows({"model.hidden", "model.heads", "model.head_dim", "model.ffn", "model.vocab"});
}

}  // namespace

void derive_pipeline(Reading& reading) {
  PipelineSpec& pipeline = reading.scenario.pipeline;
  const int pp = reading.scenario.layout.pp;
  if (!reading.knows({"layout.pp", "pipeline.schedule", "pipeline.virtual_stages"})) return;
  if (!reading.written("pipeline.schedule")) {
    pipeline.schedule = pp > 1 ? "1f1b" : "none";
    reading.defaulted("pipeline.schedule", pipeline.schedule);
  }
  const ScheduleTraits traits = schedule_traits(pipeline.schedule);
  if (!reading.written("pipeline.virtual_stages")) {
    pipeline.virtual_stages = pp > 1 ? usual_chunks(pipeline.schedule) : std::max(1, traits.chunks);
    reading.defaulted("pipeline.virtual_stages", std::to_string(pipeline.virtual_stages));
  }
  if (traits.limited && !reading.written("pipeline.memory_limit")) reading.defaulted("pipeline.memory_limit", "1p");
  if (!reading.written("pipeline.group")) {
    pipeline.group = pp;
    if (traits.grouped && pipeline.virtual_stages > 1) reading.defaulted("pipeline.group", std::to_string(pp));
  }
  if (reading.written("pipeline.stage_layers") || !reading.knows({"model.layers"})) return;
  const std::int64_t chunks = std::int64_t{pp} * pipeline.virtual_stages;
  const int layers = reading.scenario.model.layers;
  if (chunks > layers + 2) return;  // told by check_pipeline
  const std::vector<TableLayer>& table = reading.scenario.model.table;
  const bool by_cost = deals_by_cost(reading);
  const int n = static_cast<int>(chunks);
  pipeline.stage_layers = by_cost         ? layers_by_cost(reading.scenario.model, n)
                          : table.empty() ? layers_of_stages(layers, n)
                                          : stages_of_table(table, n);
  const bool even = layers % chunks == 0 && (n == 1 || !by_cost);
  if (!even) reading.defaulted("pipeline.stage_layers", text(pipeline.stage_layers));
}

void derive_rest(Reading& reading) {
  Scenario& scenario = reading.scenario;
  SimulationSpec& simulation = scenario.simulation;
  if (!reading.written("simulation.steps")) reading.defaulted("simulation.steps", "enough for a steady step");
  if (simulation.jitter_compute > 0 && simulation.fold) {
    simulation.fold = false;
    scenario.warnings.push_back("simulation.jitter makes every rank different: folding is off");
  }
  const bool has_vocab = scenario.model.table.empty() && reading.knows({"model.vocab", "layout.tp"});
  if (has_vocab && scenario.model.vocab % scenario.layout.tp != 0)
    reading.defaulted("model.vocab", std::to_string(scenario.model.vocab) + " padded, since tp " +
                                         std::to_string(scenario.layout.tp) + " does not divide it");
}

}  // namespace orrery::models
