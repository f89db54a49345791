#include "models/compile/outline.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "models/collectives/planner.h"
#include "models/compile/calibration_of.h"
#include "models/compile/data_parallel/offload.h"
#include "models/compile/least_collectives.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/pipeline/schedule_of.h"
#include "models/compile/rank_kinds.h"
#include "models/compile/stage_context.h"
#include "models/schedules/tails.h"

namespace orrery::models {
namespace {

constexpr int kPassTypes = 4;

int index_of(Action::Type type) {
  switch (type) {
    case Action::Type::input_gradient:
      return 1;
    case Action::Type::weight_gradient:
      return 2;
    case Action::Type::backward:
      return 3;
    default:
      return 0;
  }
}

// What one chunk takes and leaves.
struct ChunkOutline {
  std::array<Duration, kPassTypes> cost, kernels;  // by type of pass; kernels: without the collectives
  Bytes until_input, until_weight;
};

class Outliner {
 public:
  Outliner(const Scenario& scenario, const Schedule& schedule, KernelTable& kernels, LeastCollectives& collectives)
      : scenario_(scenario), schedule_(schedule), kernels_(kernels), collectives_(collectives) {
    const auto stages = static_cast<std::size_t>(schedule.request.ranks);
    least_.resize(stages, std::vector<std::optional<ChunkOutline>>(static_cast<std::size_t>(schedule.chunks())));
  }

  // Ranks of one stage that differ: the least of each pass counts.
  Outline::Rank add(const RankKind& kind) {
    StageContext context(scenario_, schedule_, kind, kernels_, tensors_);
    const Chunks chunks = make_chunks(context);
    std::vector<ChunkOutline> outlines;
    for (const auto& pieces : chunks) outlines.push_back(outline_of(pieces, context));
    auto& least = least_[static_cast<std::size_t>(kind.stage)];
    for (std::size_t c = 0; c < outlines.size(); ++c) take_least(least[c], outlines[c]);
    return {kind.stage, kind.node, states(context, chunks) + most_in_flight(context, outlines)};
  }

  Duration step() const {
    const PassCost cost = [this](const Action& pass, bool overlapped) {
      const int rank = schedule_.rank_of(pass.stage, pass.micro_batch);
      const auto chunk = static_cast<std::size_t>(schedule_.chunk_of(pass.stage, pass.micro_batch));
      const ChunkOutline& outline = *least_[static_cast<std::size_t>(rank)][chunk];
      const auto type = static_cast<std::size_t>(index_of(pass.type));
      return (overlapped ? outline.kernels : outline.cost)[type].count_ps();
    };
    const auto tails = rank_tails(schedule_, cost);
    return tails ? Duration::ps(*std::min_element(tails->begin(), tails->end())) : Duration();
  }

 private:
  ChunkOutline outline_of(const std::vector<PieceTemplate>& pieces, StageContext& context) {
    const ActivationOffload offload(context);
    ChunkOutline outline;
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      for (const Action::Type type :
           {Action::Type::forward, Action::Type::input_gradient, Action::Type::weight_gradient, Action::Type::backward})
        add_steps(steps_of(pieces[p], type), static_cast<std::size_t>(index_of(type)), outline);
      if (offload.takes(pieces, p)) continue;
      outline.until_input += pieces[p].saved_until_input_gradient;
      outline.until_weight += pieces[p].saved_until_weight_gradient;
    }
    return outline;
  }

  void add_steps(const std::vector<TemplateOp>& steps, std::size_t type, ChunkOutline& outline) {
    for (const TemplateOp& op : steps) {
      if (op.side || op.kind == LayerStep::Kind::host_sync) continue;
      const bool is_kernel = op.kind == LayerStep::Kind::kernel;
      outline.cost[type] += is_kernel ? op.cost : collectives_.time(op.transfer);
      if (is_kernel) outline.kernels[type] += op.cost;
    }
  }

  static void take_least(std::optional<ChunkOutline>& least, const ChunkOutline& one) {
    if (!least) least = one;
    for (std::size_t type = 0; type < kPassTypes; ++type) {
      least->cost[type] = std::min(least->cost[type], one.cost[type]);
      least->kernels[type] = std::min(least->kernels[type], one.kernels[type]);
    }
  }

  Bytes states(const StageContext& context, const Chunks& chunks) const {
    const StateBytes states = states_of(context, chunks);
    return states.total() + states.parameters * (weight_versions(schedule_, context.stage) - 1);
  }

  // At the ends of passes. What is allocated and freed inside an overlapped slot is not known: the backward's goes
  // first.
  Bytes most_in_flight(const StageContext& context, const std::vector<ChunkOutline>& chunks) const {
    Bytes now = (chunks.front().until_input + chunks.front().until_weight) * carried_over(schedule_, context.stage);
    Bytes most = now;
    for (const Action& action : context.actions()) {
      const Passes both = passes(action);
      for (int i = both.count; i-- > 0;) {
        const Action& pass = both.pass[static_cast<std::size_t>(i)];
        const ChunkOutline& chunk = chunks[static_cast<std::size_t>(schedule_.chunk_of(pass.stage, pass.micro_batch))];
        if (pass.type == Action::Type::forward) now += chunk.until_input + chunk.until_weight;
        if (makes_input_gradient(pass.type)) now = now - chunk.until_input;
        if (makes_weight_gradient(pass.type)) now = now - chunk.until_weight;
      }
      most = std::max(most, now);
    }
    return most;
  }

  const Scenario& scenario_;
  const Schedule& schedule_;
  KernelTable& kernels_;
  LeastCollectives& collectives_;
  TensorTable tensors_;
  std::vector<std::vector<std::optional<ChunkOutline>>> least_;  // by pipeline rank and chunk
};

}  // namespace

Result<Outline> outline(const Scenario& scenario) {
  const Result<std::optional<Calibration>> found = calibration_of(scenario);
  if (!found.ok()) return found.errors();
  const Calibration* calibration = *found ? &**found : nullptr;
  Result<topology::Fabric> built = topology::Fabric::build(scenario.cluster);
  if (!built) return built.errors();
  const auto fabric = std::make_shared<const topology::Fabric>(std::move(*built));
  const std::deque<CostModel> costs = cost_models(scenario.cluster, scenario.software, calibration);
  KernelTable kernels(costs);
  Result<Schedule> schedule = schedule_of(scenario, kernels);
  if (!schedule.ok()) return schedule.errors();
  if (!flushes(*schedule)) schedule = repeating_stretch(*schedule);

  const Layout layout(scenario.layout);
  MeasuredTransfers transfers;
  if (calibration != nullptr) transfers = MeasuredTransfers(*calibration);
  LeastCollectives collectives(scenario, layout, schedule->placement == Placement::bidirectional, fabric,
                               std::move(transfers));
  Outliner outliner(scenario, *schedule, kernels, collectives);
  Outline outline;
  std::map<RankKind, bool> seen;
  for (const RankKind& kind : rank_kinds(scenario, layout))
    if (seen.try_emplace(kind, true).second) outline.ranks.push_back(outliner.add(kind));
  if (scenario.simulation.jitter_compute <= 0) outline.step = outliner.step();
  return outline;
}

bool exceeds_memory(const Outline& outline, const Scenario& scenario) {
  return std::any_of(outline.ranks.begin(), outline.ranks.end(), [&](const Outline::Rank& rank) {
    return rank.memory + scenario.software.runtime > scenario.cluster.gpu_of(rank.node).memory;
  });
}

}  // namespace orrery::models
