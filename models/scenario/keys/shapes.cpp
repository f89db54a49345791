// Keys that the contract lets people write in several shapes.
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "models/scenario/reading.h"
#include "sim/base/read/quantity.h"
#include "sim/base/read/suggest.h"

namespace orrery::models {
namespace {

const std::vector<std::string> kPrecisions =
    split_values("fp32 | tf32 | fp16 | bf16 | fp8 | fp8-current | fp8-blockwise | mxfp8 | nvfp4");
const std::vector<std::string> kOptimizers =
    split_values("adam | adam-8bit | adam-bf16 | sgd | momentum | adafactor | muon");
const std::vector<std::string> kRecomputes = split_values("none | selective | selective-op | full");
const std::vector<std::string> kModules = split_values("attention | mlp | norm | moe | mla_up_proj | moe_act");
const std::vector<std::string> kContextMethods = split_values("ring | ring_zigzag | all_gather | ulysses");
const std::vector<std::string> kAxes = split_values("tp | cp | ep | dp | pp");
const std::vector<std::string> kSchedules = split_values(
    "none | gpipe | 1f1b | interleaved-1f1b | looped-bfs | pipedream | pipedream-2bw | interleaved-zb1p | zb-h1 | "
    "zb-h2 | "
    "zb-v | zb-v-auto | v-1f1b | v-half | v-min | zb-auto | dualpipe | dualpipe-v | chimera | hanayo");

void unknown_name(Reading& reading, const Key& key, const Node& node, const std::vector<std::string>& names) {
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  reading.fail(node.where,
               quote(key.name()) + " is " + quote(node.text) + "; known are " + known + did_you_mean(node.text, names));
}

// Position of the node's text among `names`; a fault and nothing otherwise.
std::optional<int> index_in(Reading& reading, const Key& key, const Node& node, const std::vector<std::string>& names) {
  if (!node.is_scalar()) {
    reading.fail(node.where, quote(key.name()) + " must be a name, but is " + std::string(describe(node)));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), node.text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  unknown_name(reading, key, node, names);
  return std::nullopt;
}

}  // namespace

void read_precision(Reading& reading, const Key& key, const Node& node) {
  TrainingSpec& training = reading.scenario.training;
  if (!node.is_map()) {
    if (const auto index = index_in(reading, key, node, kPrecisions))
      training.precision = static_cast<Precision>(*index);
    return;
  }
  Fields fields(node, "precision", reading.errors);
  fields.require({"compute"});
  for (const char* part : {"compute", "parameters", "gather"}) {
    const Node* value = fields.node(part);
    if (!value) continue;
    const auto index = index_in(reading, key, *value, kPrecisions);
    if (!index) continue;
    if (part == std::string_view("compute"))
      training.precision = static_cast<Precision>(*index);
    else
      (part == std::string_view("gather") ? training.gather : training.parameters) = static_cast<Precision>(*index);
  }
  fields.finish();
}

void read_optimizer(Reading& reading, const Key& key, const Node& node) {
  TrainingSpec& training = reading.scenario.training;
  if (!node.is_map()) {
    if (const auto index = index_in(reading, key, node, kOptimizers))
      training.optimizer = static_cast<Optimizer>(*index);
    return;
  }
  Fields fields(node, "optimizer", reading.errors);
  fields.require({"bytes_per_parameter"});
  if (const auto bytes = fields.number("bytes_per_parameter", 0, 1000)) {
    training.optimizer = Optimizer::custom;
    training.optimizer_bytes_per_parameter = *bytes;
  }
  fields.finish();
}

void read_recompute(Reading& reading, const Key& key, const Node& node) {
  Recompute& recompute = reading.scenario.training.recompute;
  if (node.is_list()) {
    recompute.kind = Recompute::Kind::modules;
    for (const Node& item : node.items)
      if (index_in(reading, key, item, kModules)) recompute.modules.push_back(item.text);
    return;
  }
  if (!node.is_map()) {
    if (const auto index = index_in(reading, key, node, kRecomputes))
      recompute.kind = static_cast<Recompute::Kind>(*index);
    return;
  }
  Fields fields(node, "recompute", reading.errors);
  const auto full = fields.count("full_layers", 0, 100'000);
  const auto every = fields.count("every", 1, 100'000);
  fields.finish();
  if (fields.has("full_layers") == fields.has("every")) {
    reading.fail(node.where, "'recompute' as a mapping needs either 'full_layers' or 'every'");
    return;
  }
  recompute.kind = full ? Recompute::Kind::full_layers : Recompute::Kind::every;
  recompute.n = static_cast<int>(full ? *full : every.value_or(1));
}

// `mha`, `gqa` and `mqa` only name what kv_heads says; that they agree is checked later.
void read_attention_kind(Reading& reading, const Key& key, const Node& node) {
  ModelSpec& model = reading.scenario.model;
  if (!node.is_map()) {
    if (index_in(reading, key, node, {"mha", "gqa", "mqa"})) reading.attention_kind = node.text;
    return;
  }
  Fields fields(node, "attention", reading.errors);
  fields.require({"kind"});
  const auto kind = fields.choice("kind", {"mha", "gqa", "mqa", "mla"});
  reading.attention_kind = kind.value_or("");
  if (const auto window = fields.count("window", 1, 1'000'000'000)) model.window = static_cast<int>(*window);
  if (kind == "mla") {
    MlaSpec mla;
    const std::array<std::pair<const char*, int*>, 5> parts{{{"q_lora", &mla.q_lora},
                                                             {"kv_lora", &mla.kv_lora},
                                                             {"rope_dim", &mla.rope_dim},
                                                             {"nope_dim", &mla.nope_dim},
                                                             {"v_dim", &mla.v_dim}}};
    for (const auto& [name, target] : parts)
      if (const auto value = fields.count(name, 0, 1'000'000)) *target = static_cast<int>(*value);
    fields.require({"kv_lora", "rope_dim", "nope_dim", "v_dim"});  // q_lora left out: queries are not compressed
    model.mla = mla;
  }
  fields.finish();
}

void read_document_lengths(Reading& reading, const Key&, const Node& node) {
  TrainingSpec& training = reading.scenario.training;
  Fields fields(node, "document_lengths", reading.errors);
  fields.require({"mean"});
  const auto mean = fields.count("mean", 1, 1'000'000'000);
  const auto spread = fields.number("spread", 0, 1e9);
  fields.finish();
  training.document_mean = static_cast<double>(mean.value_or(0));
  training.document_spread = spread.value_or(0);
}

void read_capacity_factor(Reading& reading, const Key& key, const Node& node) {
  MoeSpec& moe = reading.scenario.model.moe ? *reading.scenario.model.moe : reading.scenario.model.moe.emplace();
  if (node.is_scalar() && node.text == "none") return;
  if (!node.is_scalar()) {
    reading.fail(node.where, quote(key.name()) + " must be none or a number, but is " + std::string(describe(node)));
    return;
  }
  const Result<double> factor = parse_number(node.text, node.where);
  if (factor && *factor > 0)
    moe.capacity_factor = *factor;
  else
    reading.fail(node.where, quote(key.name()) + " is " + quote(node.text) + ", but must be none or a number above 0");
}

void read_cp_method(Reading& reading, const Key& key, const Node& node) {
  if (!node.is_map()) {
    if (index_in(reading, key, node, kContextMethods)) reading.scenario.layout.cp_method = node.text;
    return;
  }
  Fields fields(node, "cp_method", reading.errors);
  fields.require({"ulysses", "ring"});
  const auto ulysses = fields.count("ulysses", 1, 1'000'000);
  const auto ring = fields.count("ring", 1, 1'000'000);
  fields.finish();
  if (ulysses && ring)
    reading.scenario.layout.cp_method = "ulysses:" + std::to_string(*ulysses) + ",ring:" + std::to_string(*ring);
}

void read_reshard(Reading& reading, const Key& key, const Node& node) {
  if (const auto index = index_in(reading, key, node, {"auto", "true", "false"}))
    if (*index > 0) reading.scenario.layout.reshard_after_forward = *index == 1;
}

void read_order(Reading& reading, const Key& key, const Node& node) {
  if (!node.is_list()) {
    reading.fail(node.where,
                 quote(key.name()) + " must be a list such as [tp, cp, dp, pp], but is " + std::string(describe(node)));
    return;
  }
  std::vector<Axis> order;
  for (const Node& item : node.items) {
    const auto index = index_in(reading, key, item, kAxes);
    if (!index) return;
    const auto axis = static_cast<Axis>(*index);
    if (std::find(order.begin(), order.end(), axis) != order.end())
      return reading.fail(item.where, "'order' names " + quote(item.text) + " twice");
    order.push_back(axis);
  }
  for (const Axis needed : {Axis::tp, Axis::cp, Axis::dp, Axis::pp})
    if (std::find(order.begin(), order.end(), needed) == order.end())
      return reading.fail(node.where, "'order' leaves out " + quote(kAxes[static_cast<std::size_t>(needed)]));
  reading.scenario.layout.order = order;
}

// An order's file is looked for beside the scenario, then where we stand.
std::string order_file(const std::string& scenario, const std::string& path) {
  const std::filesystem::path beside = std::filesystem::path(scenario).parent_path() / path;
  std::error_code problem;
  return std::filesystem::exists(beside, problem) ? beside.string() : path;
}

void read_schedule(Reading& reading, const Key& key, const Node& node) {
  if (node.is_scalar() && node.text.ends_with(".csv")) {
    reading.scenario.pipeline.schedule = order_file(node.where.file, node.text);
    return;
  }
  if (index_in(reading, key, node, kSchedules)) reading.scenario.pipeline.schedule = node.text;
}

void read_memory_limit(Reading& reading, const Key& key, const Node& node) {
  PipelineSpec& pipeline = reading.scenario.pipeline;
  if (!node.is_scalar())
    return reading.fail(node.where,
                        quote(key.name()) + " must be 1p, 2p or a quantity, but is " + std::string(describe(node)));
  int pipelines = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [rest, problem] = std::from_chars(node.text.data(), end, pipelines);
  if (problem == std::errc() && std::string_view(rest, end) == "p" && pipelines >= 1 && pipelines <= 1'000) {
    pipeline.memory_limit_pipelines = pipelines;
    return;
  }
  const Result<Bytes> bytes = parse_bytes(node.text, node.where);
  if (!bytes) return reading.fail(node.where, quote(key.name()) + ": " + bytes.errors().front().what);
  pipeline.memory_limit = *bytes;
}

void read_fold(Reading& reading, const Key& key, const Node& node) {
  if (node.is_scalar() && node.text == "false") {
    reading.scenario.simulation.fold = false;
    return;
  }
  if (const auto index = index_in(reading, key, node, {"auto", "off"})) reading.scenario.simulation.fold = *index == 0;
}

void read_stragglers(Reading& reading, const Key& key, const Node& node) {
  if (!node.is_list())
    return reading.fail(node.where, quote(key.name()) + " must be a list, but is " + std::string(describe(node)));
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    Fields fields(node.items[i], "stragglers", reading.errors);
    fields.require({"rank", "slowdown"});
    const auto rank = fields.count("rank", 0, INT32_MAX);
    const auto slowdown = fields.number("slowdown", 1e-3, 1e6);
    fields.finish();
    if (!rank || !slowdown) continue;
    reading.scenario.places["simulation.stragglers." + std::to_string(reading.scenario.simulation.stragglers.size())] =
        fields.at("rank");
    reading.scenario.simulation.stragglers.push_back({static_cast<int>(*rank), *slowdown});
  }
}

void read_published(Reading& reading, const Key& key, const Node& node) {
  if (!node.is_list())
    return reading.fail(node.where, quote(key.name()) + " must be a list, but is " + std::string(describe(node)));
  for (const Node& item : node.items) {
    Fields fields(item, "published", reading.errors);
    fields.require({"metric", "value"});
    PublishedValue published;
    published.metric = fields.text("metric").value_or("");
    published.source = fields.text("source").value_or("");
    published.convention =
        fields.choice("convention", {"model-full", "model-causal", "megatron-2021", "palm"}).value_or("");
    if (const auto value = fields.number("value", -1e300, 1e300)) published.value = *value;
    fields.finish();
    reading.scenario.published.push_back(std::move(published));
  }
}

}  // namespace orrery::models
