#include "models/compile/outline/outline.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "models/compile/calibration_of.h"
#include "models/compile/data_parallel/offload.h"
#include "models/compile/outline/least_collectives.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/pipeline/schedule_of.h"
#include "models/compile/rank_kinds.h"
#include "models/compile/roles.h"
#include "models/compile/stage/stage_context.h"
#include "models/layout/sharding.h"
#include "models/schedules/tails.h"

namespace orrery::models {
namespace {

constexpr std::array kPassTypes = {Action::Type::forward, Action::Type::input_gradient, Action::Type::weight_gradient,
                                   Action::Type::backward};

std::size_t index_of(Action::Type type) {
  return static_cast<std::size_t>(std::find(kPassTypes.begin(), kPassTypes.end(), type) - kPassTypes.begin());
}

using PassTimes = std::array<Duration, kPassTypes.size()>;  // by type of pass

// What a piece has on the main stream, and leaves for its backward pass.
struct PieceOutline {
  PassTimes kernels;
  std::array<std::vector<sim::Transfer>, kPassTypes.size()> collectives;
  Bytes until_input, until_weight;
};

// What a chunk's passes take; in a slot with another pass kernels alone, since those may hide the collectives.
struct ChunkTimes {
  PassTimes alone, overlapped;
};

// A chunk's pieces, alike ones together.
struct ChunkOutline {
  std::map<const PieceTemplate*, int> pieces;
  Bytes until_input, until_weight;
  Bytes copied, first, last;  // of whole parameters on the host; of the pieces at its ends
};

PieceOutline outline_of(const PieceTemplate& piece, bool offloads) {
  PieceOutline outline;
  for (std::size_t type = 0; type < kPassTypes.size(); ++type)
    for (const TemplateOp& op : steps_of(piece, kPassTypes[type])) {
      if (op.side || op.kind == LayerStep::Kind::host_sync) continue;
      if (op.kind == LayerStep::Kind::kernel)
        outline.kernels[type] += op.cost;
      else
        outline.collectives[type].push_back(op.transfer);
    }
  // Activations of layers that go to the host are on the GPU now and then only.
  if (offloads && piece.kind == PieceKind::layer) return outline;
  outline.until_input = piece.saved_until_input_gradient;
  outline.until_weight = piece.saved_until_weight_gradient;
  return outline;
}

// One kind of rank.
class RankOutline {
 public:
  RankOutline(const Scenario& scenario, const Schedule& schedule, const RankKind& kind, KernelTable& kernels)
      : schedule_(schedule),
        context_(scenario, schedule, kind, kernels, tensors_, layers_, Form::written_out),
        chunks_(static_cast<std::size_t>(schedule.chunks())) {
    const bool offloads = ActivationOffload(context_).active();
    each_piece(context_, [&](int c, const PieceTemplate& piece, int) {
      held_.add(piece);
      const auto [at, is_new] = pieces_.try_emplace(&piece);
      if (is_new) at->second = outline_of(piece, offloads);
      ChunkOutline& chunk = chunks_[static_cast<std::size_t>(c)];
      ++chunk.pieces[&piece];
      chunk.until_input += at->second.until_input;
      chunk.until_weight += at->second.until_weight;
      if (copies_parameters()) add_copy(piece, chunk);
    });
  }

  Outline::Rank rank() const {
    const StateBytes states = held_.states(context_);
    const int stashed = weight_versions(schedule_, context_.stage) - 1;
    return {context_.stage, context_.rank.node, states.total() + states.parameters * stashed + most_in_flight()};
  }

  // Of the host link, or the drives, with what passes copy in. Each finds what the pass before it was at last.
  Duration copies() const {
    Bytes all;
    for (const Action& action : context_.actions())
      for (const Action& pass : passes(action)) {
        if (pass.type == Action::Type::weight_gradient) continue;
        const ChunkOutline& chunk = chunk_of(pass);
        all += chunk.copied - (pass.type == Action::Type::forward ? chunk.first : chunk.last);
      }
    const topology::ClusterSpec& cluster = context_.scenario.cluster;
    const topology::HostSpec& host = cluster.host_of(context_.rank.node);
    const BytesPerSecond drives{host.disk_bandwidth.n / cluster.gpus_per_node + 1};
    const bool from_drives = context_.scenario.layout.offload.parameters == Place::nvme && drives < host.pcie_bandwidth;
    return all / (from_drives ? drives : host.pcie_bandwidth);
  }

  std::vector<ChunkTimes> times(LeastCollectives& collectives) const {
    std::vector<ChunkTimes> all;
    for (const ChunkOutline& chunk : chunks_) {
      ChunkTimes& times = all.emplace_back();
      for (const auto& [piece, count] : chunk.pieces) add(pieces_.at(piece), count, collectives, times);
    }
    return all;
  }

 private:
  static void add(const PieceOutline& piece, int count, LeastCollectives& collectives, ChunkTimes& times) {
    for (std::size_t type = 0; type < kPassTypes.size(); ++type) {
      Duration alone = piece.kernels[type];
      for (const sim::Transfer& transfer : piece.collectives[type]) alone += collectives.time(transfer);
      times.alone[type] += alone * count;
      times.overlapped[type] += piece.kernels[type] * count;
    }
  }

  // At the ends of passes. What is allocated and freed inside an overlapped slot is not known: the backward's goes
  // first.
  Bytes most_in_flight() const {
    Bytes now = (chunks_.front().until_input + chunks_.front().until_weight) * carried_over(schedule_, context_.stage);
    Bytes most = now;
    for (const Action& action : context_.actions()) {
      const Passes both = passes(action);
      for (int i = both.count; i-- > 0;) now = behind(both.pass[static_cast<std::size_t>(i)], now);
      most = std::max(most, now);
    }
    return most;
  }

  const ChunkOutline& chunk_of(const Action& pass) const {
    return chunks_[static_cast<std::size_t>(schedule_.chunk_of(pass.stage, pass.micro_batch))];
  }

  bool copies_parameters() const {
    const LayoutSpec& layout = context_.scenario.layout;
    return layout.offload.parameters != Place::gpu && !sharding(layout, context_.replicas()).parameters;
  }

  // Tied ends stay from one to the other.
  void add_copy(const PieceTemplate& piece, ChunkOutline& chunk) const {
    const bool end = piece.kind == PieceKind::embedding || piece.kind == PieceKind::head;
    const bool stays = end && context_.scenario.model.tied_embeddings;
    const std::int64_t elements = stays ? 0 : piece.parameters + piece.expert_parameters;
    const Bytes bytes{elements * parameter_bytes(context_.scenario)};
    if (chunk.copied.n == 0) chunk.first = bytes;
    if (piece.kind != PieceKind::loss) chunk.last = bytes;
    chunk.copied += bytes;
  }

  Bytes behind(const Action& pass, Bytes now) const {
    const ChunkOutline& chunk = chunk_of(pass);
    if (pass.type == Action::Type::forward) now += chunk.until_input + chunk.until_weight;
    if (makes_input_gradient(pass.type)) now -= chunk.until_input;
    if (makes_weight_gradient(pass.type)) now -= chunk.until_weight;
    return now;
  }

  const Schedule& schedule_;
  TensorTable tensors_;
  KnownLayers layers_;
  StageContext context_;
  HeldStates held_;
  std::map<const PieceTemplate*, PieceOutline> pieces_;  // by where it was; not to be followed
  std::vector<ChunkOutline> chunks_;
};

// Ranks of one stage that differ: the least of each pass counts.
void take_least(std::vector<ChunkTimes>& least, const std::vector<ChunkTimes>& one) {
  if (least.empty()) least = one;
  for (std::size_t c = 0; c < one.size(); ++c)
    for (std::size_t type = 0; type < kPassTypes.size(); ++type) {
      least[c].alone[type] = std::min(least[c].alone[type], one[c].alone[type]);
      least[c].overlapped[type] = std::min(least[c].overlapped[type], one[c].overlapped[type]);
    }
}

Duration least_step(const Schedule& schedule, const std::deque<RankOutline>& kinds,
                    const std::vector<Outline::Rank>& ranks, LeastCollectives& collectives) {
  std::vector<std::vector<ChunkTimes>> by_stage(static_cast<std::size_t>(schedule.request.ranks));
  for (std::size_t k = 0; k < kinds.size(); ++k)
    take_least(by_stage[static_cast<std::size_t>(ranks[k].stage)], kinds[k].times(collectives));
  const auto tails = rank_tails(schedule, [&](const Action& pass, bool overlapped) {
    const auto rank = static_cast<std::size_t>(schedule.rank_of(pass.stage, pass.micro_batch));
    const auto chunk = static_cast<std::size_t>(schedule.chunk_of(pass.stage, pass.micro_batch));
    const ChunkTimes& times = by_stage[rank][chunk];
    return (overlapped ? times.overlapped : times.alone)[index_of(pass.type)].count_ps();
  });
  return tails ? Duration::ps(*std::min_element(tails->begin(), tails->end())) : Duration();
}

bool is_too_much(const Outline::Rank& rank, const Scenario& scenario) {
  return rank.memory + scenario.software.runtime > scenario.cluster.gpu_of(rank.node).memory;
}

}  // namespace

Result<Outline> outline(const Scenario& scenario, bool any_memory) {
  const Result<std::optional<Calibration>> found = calibration_of(scenario);
  if (!found.ok()) return found.errors();
  const Calibration* calibration = *found ? &**found : nullptr;
  const std::deque<CostModel> costs = cost_models(scenario.cluster, scenario.software, calibration);
  KernelTable kernels(costs);
  Result<Schedule> schedule = schedule_of(scenario, kernels);
  if (!schedule.ok()) return schedule.errors();
  if (!flushes(*schedule)) schedule = repeating_stretch(*schedule);

  const Layout layout(scenario.layout);
  const IdVector<RankId, RankKind> by_rank = rank_kinds(scenario, layout, places(layout));
  std::deque<RankOutline> kinds;
  Outline outline;
  for (const RankKind& kind : std::set<RankKind>(by_rank.begin(), by_rank.end())) {
    kinds.emplace_back(scenario, *schedule, kind, kernels);
    outline.ranks.push_back(kinds.back().rank());
    outline.exceeds_memory |= is_too_much(outline.ranks.back(), scenario);
    if (outline.exceeds_memory && !any_memory) return outline;
  }
  if (scenario.simulation.jitter_compute > 0) return outline;
  Result<topology::Fabric> fabric = topology::Fabric::build(scenario.cluster);
  if (!fabric) return fabric.errors();
  LeastCollectives collectives(scenario, schedule->placement == Placement::bidirectional,
                               std::make_shared<const topology::Fabric>(std::move(*fabric)),
                               calibration ? MeasuredTransfers(*calibration) : MeasuredTransfers());
  outline.step = least_step(*schedule, kinds, outline.ranks, collectives);
  // Whichever rank ends the step before begins to copy when it has.
  const auto least = std::min_element(
      kinds.begin(), kinds.end(), [](const RankOutline& a, const RankOutline& b) { return a.copies() < b.copies(); });
  outline.step = std::max(outline.step, least->copies());
  return outline;
}

}  // namespace orrery::models
