#include "models/compile/pipeline/schedule_of.h"

#include <algorithm>
#include <map>
#include <set>

#include "models/architecture/operators.h"
#include "models/layout/layout.h"

namespace orrery::models {
namespace {

// The pieces of virtual stage `stage`: f(kind, layer, layer in the stage).
template <class F>
void each_piece(const Scenario& s, int stage, F f) {
  const std::vector<int>& layers = s.pipeline.stage_layers;
  int first = 0;
  for (int i = 0; i < stage; ++i) first += layers[static_cast<std::size_t>(i)];
  if (stage == 0) f(PieceKind::embedding, 0, 0);
  for (int i = 0; i < layers[static_cast<std::size_t>(stage)]; ++i) f(PieceKind::layer, first + i, i);
  if (stage + 1 != static_cast<int>(layers.size())) return;
  f(PieceKind::head, 0, 0);
  f(PieceKind::loss, 0, 0);
}

// On the slowest of `kinds` of nodes.
std::int64_t nanoseconds(const std::vector<LayerStep>& steps, const std::vector<int>& kinds, KernelTable& kernels) {
  std::int64_t most = 0;
  for (const int kind : kinds) {
    std::int64_t sum = 0;
    for (const LayerStep& step : steps)
      if (step.kind == LayerStep::Kind::kernel)
        sum += kernels.time(kernels.index(step.kernel), kind).count_ps() / 1'000;
    most = std::max(most, sum);
  }
  return most;
}

// Kinds of nodes that each pipeline rank's replicas are on.
std::vector<std::vector<int>> kinds_of_ranks(const Scenario& s) {
  if (s.cluster.kinds() == 1) return std::vector<std::vector<int>>(static_cast<std::size_t>(s.layout.pp), {0});
  std::vector<std::set<int>> kinds(static_cast<std::size_t>(s.layout.pp));
  const Layout layout(s.layout);
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(layout.ranks()); ++r)
    kinds[static_cast<std::size_t>(layout.coordinate({r}).pp)].insert(s.cluster.kind_of({r}));
  std::vector<std::vector<int>> lists;
  for (const std::set<int>& of_rank : kinds) lists.emplace_back(of_rank.begin(), of_rank.end());
  return lists;
}

// What a micro-batch holds on a virtual stage, in bytes, under the scenario's limit.
StageMemory stage_memory(const Scenario& s, int stage) {
  StageMemory memory{0, 0, s.pipeline.memory_limit.n};
  each_piece(s, stage, [&](PieceKind kind, int layer, int layer_in_stage) {
    for (const SavedTensor& tensor : piece_work(s, kind, layer, layer_in_stage).saved)
      (tensor.until_weight_gradient ? memory.weight : memory.input) += tensor.bytes.n;
  });
  if (memory.limit == 0)
    memory.limit = s.pipeline.memory_limit_pipelines * s.layout.pp * (memory.input + memory.weight);
  return memory;
}

}  // namespace

std::vector<ScheduleCosts> stage_costs(const Scenario& s, Placement placement, KernelTable& kernels) {
  std::vector<ScheduleCosts> costs;
  const std::vector<std::vector<int>> kinds = kinds_of_ranks(s);
  Schedule placed;
  placed.request.ranks = s.layout.pp;
  placed.placement = placement;
  for (int stage = 0; stage < static_cast<int>(s.pipeline.stage_layers.size()); ++stage) {
    const std::vector<int>& here = kinds[static_cast<std::size_t>(placed.rank_of(stage, 0))];
    ScheduleCosts& cost = costs.emplace_back(ScheduleCosts{0, 0, 0, 0, 0, 0});
    each_piece(s, stage, [&](PieceKind kind, int layer, int layer_in_stage) {
      const PieceWork work = piece_work(s, kind, layer, layer_in_stage);
      cost.forward += nanoseconds(work.forward, here, kernels);
      cost.input_gradient += nanoseconds(work.input_gradient, here, kernels);
      cost.weight_gradient += nanoseconds(work.weight_gradient, here, kernels);
      cost.backward += nanoseconds(work.backward, here, kernels);
    });
    cost.overlap = cost.forward + cost.backward;
  }
  return costs;
}

std::vector<std::vector<std::int64_t>> piece_costs(const Scenario& s, KernelTable& kernels) {
  std::map<std::vector<int>, std::vector<std::int64_t>> known;  // ranks on the same kinds cost the same
  std::vector<std::vector<std::int64_t>> costs;
  for (const std::vector<int>& here : kinds_of_ranks(s)) {
    const auto [at, is_new] = known.try_emplace(here);
    const auto cost = [&](PieceKind kind, int layer) {
      const PieceWork work = piece_work(s, kind, layer, 0);
      return nanoseconds(work.forward, here, kernels) + nanoseconds(work.backward, here, kernels);
    };
    if (is_new) {
      std::vector<std::int64_t>& pieces = at->second;
      pieces.push_back(cost(PieceKind::embedding, 0));
      for (int layer = 0; layer < s.model.layers; ++layer) pieces.push_back(cost(PieceKind::layer, layer));
      pieces.push_back(cost(PieceKind::head, 0) + cost(PieceKind::loss, 0));
    }
    costs.push_back(at->second);
  }
  return costs;
}

void set_schedule(Scenario& s, std::string name, int chunks) {
  s.pipeline.schedule = std::move(name);
  if (chunks == s.pipeline.virtual_stages) return;
  s.pipeline.virtual_stages = chunks;
  s.pipeline.stage_layers = layers_of_stages(s.model.layers, s.layout.pp * chunks);
}

ScheduleRequest schedule_request(const Scenario& s, KernelTable& kernels) {
  ScheduleRequest request;
  request.name = s.pipeline.schedule;
  request.ranks = s.layout.pp;
  request.chunks = s.pipeline.virtual_stages;
  request.micro_batches = s.micro_batches();
  request.replicas = s.layout.stage_replicas;
  const ScheduleTraits traits = schedule_traits(request.name);
  if (traits.grouped) request.group = s.pipeline.group;
  request.pairs = traits.may_pair && s.overlap.expert_parallel && s.layout.ep > 1;
  // Those that search place one chunk a rank in line, two as a V.
  const Placement placement = request.chunks == 2 ? Placement::wave : Placement::linear;
  if (traits.searches) request.costs = stage_costs(s, placement, kernels);
  if (traits.limited)
    for (int stage = 0; stage < s.layout.pp; ++stage) request.memory.push_back(stage_memory(s, stage));
  return request;
}

Result<Schedule> schedule_of(const Scenario& scenario, KernelTable& kernels) {
  LatestSchedule none;
  return schedule_of(scenario, kernels, none);
}

Result<Schedule> schedule_of(const Scenario& scenario, KernelTable& kernels, LatestSchedule& latest) {
  const ScheduleRequest request = schedule_request(scenario, kernels);
  Result<Schedule> schedule = latest.make(request);
  Errors errors = schedule.ok() ? Errors{} : schedule.errors();
  // A file may be for other sizes than the scenario's.
  const auto agree = [&](std::string_view what, int here, int found) {
    if (here != found)
      errors.push_back({{},
                        std::string(what) + " is " + std::to_string(here) + ", but " + request.name + " is for " +
                            std::to_string(found)});
  };
  if (schedule.ok()) {
    agree("pp", request.ranks, schedule->request.ranks);
    agree("virtual_stages", request.chunks, schedule->request.chunks);
    agree("the number of micro-batches", request.micro_batches, schedule->request.micro_batches);
  }
  if (errors.empty()) return schedule;
  for (Error& error : errors)
    if (error.where.file.empty()) error.where = scenario.at("pipeline.schedule");
  return errors;
}

}  // namespace orrery::models
