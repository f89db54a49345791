#include "sweep/plan/layouts.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "models/schedules/schedule.h"

namespace orrery::sweep {
namespace {

constexpr int kLongSequence = 32'768;  // from here on a context may be split

std::vector<std::string> powers(int to) {
  std::vector<std::string> all;
  for (std::int64_t n = 1; n <= to; n *= 2) all.push_back(std::to_string(n));
  return all;
}

// Who is whose neighbour: replicas between the stages, or stages between the replicas.
const std::vector<std::string>& orders() {
  static const std::vector<std::string> both{"[tp,cp,ep,dp,pp]", "[tp,cp,ep,pp,dp]"};
  return both;
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

bool is_usual_chunk_count(std::int64_t n) {
  return (n >= 1 && n <= 6) || n == 8 || n == 12;
}

// The layers, or those with embedding and head (as layers are dealt without pipeline.stage_layers),
// go evenly into so many chunks.
bool are_even(std::int64_t layers, std::int64_t chunks) {
  return layers % chunks == 0 || (layers + 2) % chunks == 0;
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

// Whether a schedule is for so many stages with so many chunks each.
bool suits(const std::string& schedule, std::int64_t stages, std::int64_t chunks) {
  if ((schedule == "none") != (stages == 1)) return false;
  const int own = models::schedule_traits(schedule).chunks;
  return own == 0 ? chunks > 1 : chunks == own;
}

constexpr const char* kLayersOfARank = R"({"full_layers":)";

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

// Numbers of a candidate, where it or the scenario has them.
class Candidate {
 public:
  Candidate(const models::Scenario& scenario, const std::vector<models::Override>& overrides)
      : scenario_(scenario), overrides_(overrides) {}

  const std::string* value(std::string_view path) const {
    for (const models::Override& o : overrides_)
      if (o.path == path) return &o.value;
    return nullptr;
  }
  std::int64_t number(std::string_view path, std::int64_t otherwise) const {
    const std::string* text = value(path);
    return text == nullptr ? otherwise : std::atoll(text->c_str());
  }
  std::int64_t tp() const { return number("layout.tp", scenario_.layout.tp); }
  std::int64_t pp() const { return number("layout.pp", scenario_.layout.pp); }
  std::int64_t cp() const { return number("layout.cp", scenario_.layout.cp); }
  std::int64_t ep() const { return number("layout.ep", scenario_.layout.ep); }
  std::int64_t chunks() const { return number("pipeline.virtual_stages", scenario_.pipeline.virtual_stages); }
  std::int64_t micro_batch() const { return number("training.micro_batch", scenario_.training.micro_batch); }

  std::int64_t dp() const { return scenario_.cluster.gpus() / (tp() * pp() * cp()); }

  bool is_second_order() const {
    const std::string* order = value("layout.order");
    return order != nullptr && *order == orders().back();
  }

  // Beside the usual counts of chunks only those that this pipeline deals evenly; what the scenario has stays.
  bool has_fitting_chunks() const {
    const std::int64_t searched = number("pipeline.virtual_stages", 1);
    return is_usual_chunk_count(searched) || are_even(scenario_.model.layers, pp() * searched);
  }

  // Experts are split as the rest is, or not at all.
  bool has_fitting_experts() const {
    if (!scenario_.model.moe) return ep() == 1;
    const std::int64_t etp = number("layout.etp", 1), grid = dp() * cp() * tp();
    if (etp != 1 && etp != tp()) return false;
    return scenario_.model.moe->experts % ep() == 0 && grid % (ep() * etp) == 0;
  }

  // Fewer layers than a rank has: all of them are "full".
  bool recomputes_a_part() const {
    const std::string* recompute = value("training.recompute");
    if (recompute == nullptr || !recompute->starts_with(kLayersOfARank)) return true;
    return std::atoll(recompute->c_str() + std::string_view(kLayersOfARank).size()) * pp() < scenario_.model.layers;
  }

  bool is_possible() const {
    const std::int64_t gpus = scenario_.cluster.gpus(), grid = tp() * pp() * cp();
    if (gpus % grid != 0) return false;
    const std::int64_t batch = scenario_.training.global_batch;
    if (batch % (dp() * micro_batch()) != 0) return false;
    const std::int64_t micro_batches = batch / (dp() * micro_batch());
    if (scenario_.model.table.empty() && scenario_.model.heads % tp() != 0) return false;
    if (pp() * chunks() > scenario_.model.layers + 2) return false;
    if (!has_fitting_chunks()) return false;
    if (chunks() > 1 && (pp() == 1 || micro_batches < pp())) return false;
    if (is_second_order() && (pp() == 1 || dp() * cp() == 1)) return false;  // the same as the first
    const std::string* schedule = value("pipeline.schedule");
    if (schedule != nullptr && !suits(*schedule, pp(), chunks())) return false;
    return recomputes_a_part() && has_fitting_experts();
  }

 private:
  const models::Scenario& scenario_;
  const std::vector<models::Override>& overrides_;
};

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
  if (also.contains("layout.order")) add("layout.order", orders());
  if (also.contains("layout.offload")) add("layout.offload", offloads(scenario));
  return axes;
}

std::vector<std::vector<models::Override>> candidate_layouts(const models::Scenario& scenario,
                                                             const std::vector<Axis>& axes, bool with_schedule) {
  std::vector<std::vector<models::Override>> all;
  std::vector<std::size_t> at(axes.size(), 0);
  for (bool more = true; more;) {
    std::vector<models::Override> overrides;
    for (std::size_t a = 0; a < axes.size(); ++a) overrides.push_back({axes[a].path, axes[a].values[at[a]]});
    const Candidate candidate(scenario, overrides);
    if (candidate.is_possible()) {
      if (with_schedule && candidate.value("pipeline.schedule") == nullptr)
        overrides.push_back({"pipeline.schedule", candidate.pp() == 1      ? "none"
                                                  : candidate.chunks() > 1 ? "interleaved-1f1b"
                                                                           : "1f1b"});
      all.push_back(std::move(overrides));
    }
    more = false;
    for (std::size_t a = axes.size(); a-- > 0 && !more;) {
      more = ++at[a] < axes[a].values.size();
      if (!more) at[a] = 0;
    }
  }
  return all;
}

}  // namespace orrery::sweep
