#include "models/scenario/keys/keys.h"

#include <map>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

constexpr Key kTop[] = {
    {.path = "schema_version", .shape = Shape::choice, .doc = "Version of this format.", .values = "1"},
    {.path = "name",
     .shape = Shape::text,
     .doc = "What people call this run; default: the file's name.",
     .store = store<&Scenario::name>},
    {.path = "model",
     .doc = "A preset's name, the path of a Hugging Face config.json, or a mapping.",
     .required = true},
    {.path = "cluster", .doc = "The machine.", .required = true},
    {.path = "training", .doc = "What a step works on, and how.", .required = true},
    {.path = "layout", .doc = "How the model and the batch are spread over the GPUs."},
    {.path = "pipeline", .doc = "The order of work on pipeline ranks."},
    {.path = "overlap", .doc = "What runs beside what; defaults come from `software`."},
    {.path = "software",
     .shape = Shape::special,
     .doc = "The stack's habits: fused kernels, launch cost, what overlaps, allocator. A preset's name, or {preset: "
            "NAME, key: value}.",
     .fallback = "megatron-core-2025, or torchtitan-2025 under fsdp",
     .computed = true,
     .schema = R"({"type": ["string", "object"]})"},
    {.path = "simulation", .doc = "How the step is simulated."},
    {.path = "calibration",
     .shape = Shape::text,
     .doc = "A file written by `orrery calibrate`: beside the scenario, or in `scenarios/calibrations`.",
     .store = store<&Scenario::calibration>},
    {.path = "jobs",
     .shape = Shape::special,
     .doc = "Other jobs on the same fabric, each on nodes of its own from `first_node` on: [{scenario: other.yaml, "
            "first_node: 1024}].",
     .read = read_jobs,
     .schema =
         R"({"type": "array", "items": {"type": "object", "required": ["scenario", "first_node"], "additionalProperties": false,
       "properties": {"scenario": {"type": "string"}, "first_node": {"type": "integer", "minimum": 0}}}})"},
    {.path = "published",
     .shape = Shape::special,
     .doc = "What was measured in reality: a list of {metric, value, source, convention}; metric is any numeric path "
            "of the result.",
     .read = read_published,
     .schema =
         R"({"type": "array", "items": {"type": "object", "required": ["metric", "value"], "additionalProperties": false,
       "properties": {"metric": {"type": "string"}, "value": {"type": "number"}, "source": {"type": "string"},
                      "convention": {"type": "string"}}}})"},
    {.path = "sweep",
     .shape = Shape::special,
     .doc = "Turns a scenario into many, for `orrery sweep`: keys with the values that they take, as a list, "
            "{powers_of_two: [1, 16]} or {range: [1, 9, 2]}; `where`: conditions; `sample`: {points: N, seed: S}.",
     .schema = R"({"type": "object"})"},
    {.path = "serving",
     .shape = Shape::special,
     .doc = "Inference, in place of training.",
     .supported = "none",
     .schema = R"({"type": "object"})"},
};

constexpr Key kCluster[] = {
    {.path = "cluster.preset", .shape = Shape::elsewhere, .doc = "A cluster of scenarios/hardware/clusters."},
    {.path = "cluster.nodes", .shape = Shape::elsewhere, .doc = "Nodes of the job (or `gpus`)."},
    {.path = "cluster.gpus", .shape = Shape::elsewhere, .doc = "GPUs of the job (or `nodes`)."},
    {.path = "cluster.gpus_per_node", .shape = Shape::elsewhere, .doc = "GPUs used of each node."},
    {.path = "cluster.gpu", .shape = Shape::elsewhere, .doc = "A GPU of scenarios/hardware/gpus, or a mapping."},
    {.path = "cluster.scale_up",
     .shape = Shape::elsewhere,
     .doc = "GPUs of a node among themselves; bandwidth per GPU and direction."},
    {.path = "cluster.host", .shape = Shape::elsewhere, .doc = "PCIe, NICs per node, sockets."},
    {.path = "cluster.fabric",
     .shape = Shape::elsewhere,
     .doc = "The network between nodes; link per NIC port and direction."},
    {.path = "cluster.faults",
     .shape = Shape::elsewhere,
     .doc = "Slow and failed links: [{link: leaf3-spine1, capacity: 0.5}]; 0 has failed."},
    {.path = "cluster.groups",
     .shape = Shape::elsewhere,
     .doc = "Unlike nodes, numbered one group after the other: [{gpu: a100-sxm-80gb, nodes: 16}, {gpu: h100-sxm-80gb, "
            "nodes: 16}]."},
};

constexpr Key kOverlap[] = {
    {.path = "overlap.gradients",
     .shape = Shape::flag,
     .doc = "Gradient reduction runs under the backward pass.",
     .fallback = "true",
     .store = store<&Scenario::overlap, &OverlapSpec::gradients>},
    {.path = "overlap.parameters",
     .shape = Shape::flag,
     .doc = "Parameters are gathered under the forward pass (ZeRO-1 optimizer step, ZeRO-3 and FSDP prefetch).",
     .fallback = "true",
     .store = store<&Scenario::overlap, &OverlapSpec::parameters>},
    {.path = "overlap.tensor_parallel",
     .shape = Shape::flag,
     .doc = "GEMMs and their collectives are split and overlapped (with sequence_parallel).",
     .fallback = "false",
     .store = store<&Scenario::overlap, &OverlapSpec::tensor_parallel>},
    {.path = "overlap.expert_parallel",
     .shape = Shape::flag,
     .doc = "All-to-all under the compute of another micro-batch: forwards and backwards of the steady state in shared "
            "slots, as those of DualPipe always are (schedules none and interleaved-1f1b; Megatron-LM's "
            "--overlap-moe-expert-parallel-comm).",
     .fallback = "false",
     .store = store<&Scenario::overlap, &OverlapSpec::expert_parallel>},
    {.path = "overlap.pipeline",
     .shape = Shape::flag,
     .doc = "Sends are asynchronous; false: fused send-receive pairs that wait.",
     .fallback = "true",
     .store = store<&Scenario::overlap, &OverlapSpec::pipeline>},
    {.path = "overlap.bucket_size",
     .shape = Shape::count,
     .doc = "Gradient bucket, in elements.",
     .fallback = "40M",
     .low = 1,
     .store = store<&Scenario::overlap, &OverlapSpec::bucket_size>},
};

constexpr Key kSimulation[] = {
    {.path = "simulation.network",
     .shape = Shape::choice,
     .doc = "analytic: no contention; flow: fair sharing of every link; chunk: as flow, rings by steps and chunks.",
     .values = "analytic | flow | chunk",
     .fallback = "flow",
     .store = store<&Scenario::simulation, &SimulationSpec::network>},
    {.path = "simulation.fold",
     .shape = Shape::special,
     .doc = "Simulate one of each set of ranks that must behave the same: auto or off (also false).",
     .fallback = "auto",
     .read = read_fold,
     .schema = R"({"enum": ["auto", "off", false]})"},
    {.path = "simulation.steps",
     .shape = Shape::count,
     .doc = "Steps to simulate; the last one is reported.",
     .fallback = "enough for a steady step",
     .computed = true,
     .low = 1,
     .high = 1000,
     .store = store<&Scenario::simulation, &SimulationSpec::steps>},
    {.path = "simulation.jitter", .doc = "Noise on kernel times; above 0 turns folding off."},
    {.path = "simulation.jitter.compute",
     .shape = Shape::number,
     .doc = "Relative standard deviation, seeded.",
     .fallback = "0",
     .high = 1,
     .store = store<&Scenario::simulation, &SimulationSpec::jitter_compute>},
    {.path = "simulation.stragglers",
     .shape = Shape::special,
     .doc = "Slow GPUs: a list of {rank, slowdown}.",
     .read = read_stragglers,
     .schema =
         R"({"type": "array", "items": {"type": "object", "required": ["rank", "slowdown"], "additionalProperties": false,
       "properties": {"rank": {"type": "integer", "minimum": 0}, "slowdown": {"type": "number", "minimum": 0}}}})"},
    {.path = "simulation.seed",
     .shape = Shape::count,
     .doc = "Of every random number.",
     .fallback = "1",
     .store = store<&Scenario::simulation, &SimulationSpec::seed>},
};

}  // namespace

std::span<const Key> keys_at_top() {
  return kTop;
}
std::span<const Key> keys_of_cluster() {
  return kCluster;
}
std::span<const Key> keys_of_overlap() {
  return kOverlap;
}
std::span<const Key> keys_of_simulation() {
  return kSimulation;
}

std::string_view Key::section() const {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view Key::name() const {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::span<const Key> all_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (const auto part : {keys_at_top(), keys_of_model(), keys_of_cluster(), keys_of_training(), keys_of_layout(),
                            keys_of_pipeline(), keys_of_overlap(), keys_of_simulation()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return keys;
}

const Key* find_key(std::string_view path) {
  for (const Key& key : all_keys())
    if (key.path == path) return &key;
  return nullptr;
}

const std::vector<const Key*>& keys_in(std::string_view section) {
  static const auto by_section = [] {
    std::map<std::string_view, std::vector<const Key*>> found;
    for (const Key& key : all_keys()) found[key.section()].push_back(&key);
    return found;
  }();
  static const std::vector<const Key*> none;
  const auto at = by_section.find(section);
  return at == by_section.end() ? none : at->second;
}

std::string value_of(const Key& key) {
  switch (key.shape) {
    case Shape::count:
      return "a count, as 2048 or 40Mi";
    case Shape::number:
      return "a number";
    case Shape::flag:
      return "true or false";
    case Shape::text:
      return key.values.empty() ? "text" : std::string(key.values);
    case Shape::choice:
      return std::string(key.values);
    case Shape::counts:
      return "a list of counts, as [4, 4, 4]";
    case Shape::section:
      return "a mapping";
    case Shape::special:
      return key.values.empty() ? "see docs/scenario.md" : std::string(key.values);
    case Shape::elsewhere:
      return key.values.empty() ? "see docs/hardware.md" : std::string(key.values);
  }
  return "";
}

namespace {

// Until `see` says that it is enough.
template <class See>
void each_value(std::string_view values, const See& see) {
  while (!values.empty()) {
    const std::size_t bar = std::min(values.find(" | "), values.size());
    if (see(values.substr(0, bar))) return;
    values.remove_prefix(std::min(bar + 3, values.size()));
  }
}

}  // namespace

std::vector<std::string> split_values(std::string_view values) {
  std::vector<std::string> names;
  each_value(values, [&](std::string_view name) {
    names.emplace_back(name);
    return false;
  });
  return names;
}

std::optional<std::int64_t> place_among(std::string_view values, std::string_view value) {
  std::int64_t place = -1;
  bool is_there = false;
  each_value(values, [&](std::string_view name) {
    ++place;
    return is_there = name == value;
  });
  return is_there ? std::optional(place) : std::nullopt;
}

}  // namespace orrery::models
