#include "sweep/plan/axes.h"

#include <algorithm>
#include <bit>

namespace orrery::sweep {
namespace {

constexpr int kLongSequence = 32'768;  // from here on a context may be split

std::vector<std::string> powers(int to) {
  std::vector<std::string> all;
  for (std::int64_t n = 1; n <= to; n *= 2) all.push_back(std::to_string(n));
  return all;
}

// Whether layers, embedding and head go into so many stages with none a quarter longer than the mean.
bool is_even_enough(int layers, int stages) {
  const int pieces = layers + 2, longest = (pieces + stages - 1) / stages;
  return 4 * longest * stages <= 5 * pieces;
}

// Powers of two, and what divides the GPUs and deals the layers nearly evenly (35 stages of 105 layers, 20 of 126).
std::vector<std::string> depths(int layers, int gpus) {
  std::vector<std::string> all;
  for (int n = 1; n <= std::min(layers, gpus); ++n) {
    const bool suits = gpus % n == 0 && (layers % n == 0 || is_even_enough(layers, n));
    if (std::has_single_bit(static_cast<unsigned>(n)) || suits) all.push_back(std::to_string(n));
  }
  return all;
}

// The usual ones, and those of which some pipeline's chunks are even (21 of one layer each).
std::vector<std::string> chunk_counts(int layers, bool is_table) {
  std::vector<std::string> all;
  for (std::int64_t n = 1; n <= layers || n <= 12; ++n)
    if (is_usual_chunk_count(n) || (!is_table && are_even(layers, n))) all.push_back(std::to_string(n));
  return all;
}

// Sequences a replica may take at once: up to eight, of which the batch is a multiple.
std::vector<std::string> micro_batches_up_to_eight(std::int64_t global_batch) {
  std::vector<std::string> all;
  for (std::int64_t n = 1; n <= 8; ++n)
    if (global_batch % n == 0) all.push_back(std::to_string(n));
  return all;
}

// Orders that can be run as they are: steps end, and nothing is searched for (zb-auto).
std::vector<std::string> schedules() {
  return {"none",  "1f1b", "interleaved-1f1b", "looped-bfs", "interleaved-zb1p", "zb-h1",
          "zb-h2", "zb-v", "v-half",           "v-min",      "dualpipe",         "dualpipe-v"};
}

// Everything, nothing, or what is usual between them: parts of every layer, and on request some layers of every rank.
std::vector<std::string> recomputations(const models::Scenario& scenario, bool all) {
  std::vector<std::string> ways{"none"};
  // Flash attention keeps nothing that recomputing it would save.
  if (scenario.training.attention != models::AttentionKind::flash) ways.emplace_back("selective");
  if (all) {
    ways.insert(ways.end(), {"selective-op", "[norm]", "[mlp]"});
    if (scenario.model.moe) ways.emplace_back("[moe]");
    for (int n = 1; n < scenario.model.layers; n *= 2)
      for (const int layers : {n, 3 * n})
        if (layers < scenario.model.layers) ways.push_back(kLayersOfARank + std::to_string(layers) + "}");
  }
  ways.emplace_back("full");
  return ways;
}

// Whoever has ZeRO-2 or 3, or FSDP, can choose among its stages.
std::vector<std::string> zero_stages(const models::LayoutSpec& layout) {
  if (!layout.fsdp.empty()) return {};
  if (layout.zero <= 1) return {"0", "1"};
  return {"0", "1", "2", "3"};
}

std::vector<std::string> fsdp_kinds(const models::Scenario& scenario) {
  if (scenario.layout.fsdp.empty()) return {};
  std::vector<std::string> kinds{"full_shard", "shard_grad_op"};
  if (scenario.cluster.nodes > 1) kinds.emplace_back("hybrid_shard");
  return kinds;
}

// Where states and activations rest.
std::vector<std::string> offloads(const models::Scenario& scenario) {
  std::vector<std::string> places{"none", "cpu"};
  if (scenario.cluster.host.disk_bandwidth.n > 0) places.emplace_back("nvme");
  std::vector<std::string> all;
  for (const std::string& optimizer : places)
    for (const std::string& parameters : places)
      for (const char* activations : {"none", "cpu"}) {
        std::string value = "{\"optimizer\":\"" + optimizer + "\"";
        if (parameters != "none") value += R"(,"parameters":")" + parameters + "\"";
        if (activations != places.front()) value += R"(,"activations":"cpu")";
        all.push_back(value + "}");
      }
  return all;
}

}  // namespace

bool is_usual_chunk_count(std::int64_t n) {
  return (n >= 1 && n <= 6) || n == 8 || n == 12;
}

bool are_even(std::int64_t layers, std::int64_t chunks) {
  return layers % chunks == 0 || (layers + 2) % chunks == 0;
}

std::vector<std::string> searched_on_request() {
  return {"layout.order",      "layout.offload",        "layout.by_layers",
          "pipeline.schedule", "pipeline.stage_layers", "training.recompute"};
}

std::vector<Axis> layout_axes(const models::Scenario& scenario, const std::set<std::string>& fixed,
                              const std::set<std::string>& also) {
  std::vector<Axis> axes;
  const auto add = [&](const char* path, std::vector<std::string> values) {
    if (!fixed.contains(path) && !values.empty()) axes.push_back({path, std::move(values), {}});
  };
  const int gpus = scenario.cluster.gpus();
  const bool is_table = !scenario.model.table.empty();
  const int heads = is_table ? gpus : scenario.model.heads;  // a table's layers are split without
  add("layout.tp", powers(std::min({gpus, scenario.cluster.domain_gpus(), heads})));
  add("layout.pp", depths(scenario.model.layers, gpus));
  if (scenario.training.sequence_length >= kLongSequence) add("layout.cp", powers(std::min(16, gpus)));
  if (scenario.model.moe) {
    add("layout.ep", powers(std::min(scenario.model.moe->experts, gpus)));
    add("layout.etp", powers(std::min({gpus, scenario.cluster.domain_gpus(), heads})));
  }
  // The schedule goes with them: interleaved where there is more than one.
  if (!fixed.contains("pipeline.schedule"))
    add("pipeline.virtual_stages", chunk_counts(scenario.model.layers, is_table));
  if (also.contains("pipeline.schedule")) add("pipeline.schedule", schedules());
  // Of sequences a few; samples of a table are small.
  constexpr std::int64_t kMostSamples = 512;
  const std::int64_t batch = scenario.training.global_batch;
  add("training.micro_batch",
      is_table ? powers(static_cast<int>(std::min(kMostSamples, batch))) : micro_batches_up_to_eight(batch));
  add("training.recompute", recomputations(scenario, also.contains("training.recompute")));
  add("layout.zero", zero_stages(scenario.layout));
  add("layout.fsdp", fsdp_kinds(scenario));
  if (also.contains("layout.order")) add("layout.order", {kOrders.begin(), kOrders.end()});
  if (also.contains("layout.offload")) add("layout.offload", offloads(scenario));
  return axes;
}

}  // namespace orrery::sweep
