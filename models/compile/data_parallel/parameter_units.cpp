#include "models/compile/data_parallel/parameter_units.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/compile/data_parallel/offload.h"
#include "models/compile/roles.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

constexpr std::uint32_t kNoBuffer = UINT32_MAX;

// Bytes of a parameter's low-precision casts, where it is multiplied in low precision.
double cast_bytes(const Scenario& s, const PieceTemplate& piece) {
  const bool multiplied = piece.kind == PieceKind::layer || piece.kind == PieceKind::mtp;
  return multiplied ? low_precision_copies(s.training.precision) : 0;
}

}  // namespace

ParameterUnits::ParameterUnits(StageContext& context, const Chunks& chunks, const std::map<int, Replicas>& dense,
                               const Replicas& experts)
    : context_(context),
      sharding_(sharding(context.scenario.layout, context.replicas())),
      rest_(context.scenario.layout.offload.parameters) {
  list_units(chunks, dense, experts);
  list_uses();
  plan_uses();
}

void ParameterUnits::list_units(const Chunks& chunks, const std::map<int, Replicas>& dense, const Replicas& experts) {
  std::size_t table = SIZE_MAX;  // the unit of the embedding, if the head reads it too
  for (const auto& chunk : chunks) {
    std::vector<std::size_t>& units = unit_of_.emplace_back();
    for (const PieceTemplate& piece : chunk) {
      if (piece.kind == PieceKind::loss) {
        units.push_back(kNoUnit);
        continue;
      }
      const bool shares = piece.kind == PieceKind::head && table != SIZE_MAX;
      units.push_back(shares ? table : units_.size());
      Unit& unit = shares ? units_[table] : units_.emplace_back();
      add(piece, piece.parameters, dense.at(piece.degree), unit);
      add(piece, piece.expert_parameters, experts, unit);
      unit.of_ends = shares;
      unit.holds_casts = cast_bytes(context_.scenario, piece) > 0;
      if (piece.kind == PieceKind::embedding && context_.scenario.model.tied_embeddings) table = units.back();
    }
  }
}

std::int64_t ParameterUnits::Unit::elements() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) sum += part.elements;
  return sum;
}

void ParameterUnits::add(const PieceTemplate& piece, std::int64_t parameters, const Replicas& replicas,
                         Unit& unit) const {
  if (parameters == 0) return;
  const Scenario& s = context_.scenario;
  const double width = parameter_bytes(s) + cast_bytes(s, piece);
  const auto same = [&](const Part& part) { return part.replicas == &replicas; };
  auto part = std::find_if(unit.parts.begin(), unit.parts.end(), same);
  if (part == unit.parts.end()) part = unit.parts.insert(part, {&replicas, 0, {}, {}});
  part->elements += parameters;
  const bool split = replicas.sharding.parameters;
  if (split) part->wire += gathered_bytes(s, piece.kind, parameters);
  // What is whole and here stays as it is, unless it rests in the width of the optimizer's.
  if (split || sharding_.shards_are_master || rest_ != Place::gpu)
    part->held += {std::llround(width * static_cast<double>(parameters))};
}

// Everything of a step that multiplies with weights, in order.
void ParameterUnits::list_uses() {
  for (const Action& action : context_.actions())
    for (const Action& pass : passes(action)) list_uses(pass);
}

void ParameterUnits::list_uses(const Action& pass) {
  if (pass.type == Action::Type::weight_gradient) return;  // inputs and gradients only
  const auto chunk = static_cast<std::size_t>(context_.schedule.chunk_of(pass.stage, pass.micro_batch));
  const bool backward = pass.type != Action::Type::forward;
  const std::vector<std::size_t>& units = unit_of_[chunk];
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t unit = units[backward ? units.size() - 1 - i : i];
    if (unit == kNoUnit) continue;
    const bool last = backward && (!units_[unit].of_ends || i + 1 == units.size());
    uses_.push_back({unit, last, false, false});
  }
}

void ParameterUnits::plan_uses() {
  std::vector<bool> seen(units_.size());  // from the end: not the last use of the step
  for (std::size_t u = uses_.size(); u-- > 0;) {
    uses_[u].drops = !wanted_again(u, !seen[uses_[u].unit]);
    seen[uses_[u].unit] = true;
  }
  std::vector<bool> here(units_.size());
  for (Use& use : uses_) {
    use.brings = !here[use.unit] && units_[use.unit].elements() > 0;
    here[use.unit] = !use.drops;
  }
}

bool ParameterUnits::wanted_again(std::size_t use, bool last_of_step) const {
  if (last_of_step) return false;
  // FSDP's last unit and DeepSpeed's short reuse distance: what comes next is not dropped.
  if (use + 1 < uses_.size() && uses_[use + 1].unit == uses_[use].unit) return true;
  switch (sharding_.keep) {
    case Sharding::Keep::for_one_use:
      return units_[uses_[use].unit].of_ends && !uses_[use].backward;
    case Sharding::Keep::until_backward:
      return !uses_[use].backward;
    case Sharding::Keep::for_the_step:
      return true;
  }
  return false;
}

void ParameterUnits::come_behind(const PieceTurn& turn, sim::OpRef rest) {
  if (unit_of(turn) == kNoUnit) return;
  sim::OpRef& known = units_[unit_of(turn)].rest;
  if (known.is_none() || known.op < rest.op) known = rest;
}

bool ParameterUnits::is_use(const PieceTurn& turn) const {
  return unit_of(turn) != kNoUnit && turn.type != Action::Type::weight_gradient;
}

void ParameterUnits::before_piece(const PieceTurn& turn) {
  if (!is_use(turn)) return;
  issue_up_to(next_use_ + (context_.scenario.overlap.parameters ? 1 : 0));
  if (uses_[next_use_].brings) receive(units_[uses_[next_use_].unit]);
}

void ParameterUnits::after_piece(const PieceTurn& turn) {
  if (!is_use(turn)) return;
  const Use& use = uses_[next_use_++];
  std::uint32_t& buffer = units_[use.unit].buffer;
  if (use.drops && buffer != kNoBuffer) context_.builder.free(context_.streams.main, std::exchange(buffer, kNoBuffer));
}

void ParameterUnits::issue_up_to(std::size_t use) {
  for (; issued_ <= use && issued_ < uses_.size(); ++issued_)
    if (uses_[issued_].brings) bring(uses_[issued_]);
}

// ZeRO++ gathers for the backward from a second copy that the node holds.
void ParameterUnits::bring(const Use& use) {
  Unit& unit = units_[use.unit];
  sim::ProgramBuilder& builder = context_.builder;
  Bytes held;
  for (const Part& part : unit.parts) held += part.held;
  unit.buffer = builder.buffer(held, static_cast<std::uint8_t>(MemoryCause::buffers),
                               builder.label(sharding_.parameters ? "gathered parameters" : "parameters in use"));
  builder.allocate(context_.streams.main, unit.buffer);
  unit.arrival = copy_in(unit);
  const sim::StreamIndex stream =
      context_.scenario.overlap.parameters ? context_.streams.parameters : context_.streams.main;
  const bool from_node = use.backward && context_.scenario.layout.zeropp.hierarchical;
  for (const Part& part : unit.parts) {
    if (part.wire.n == 0) continue;
    builder.wait(stream, unit.arrival);
    unit.arrival =
        context_.collective(stream, sim::TransferKind::all_gather, from_node ? role::node : part.replicas->shard,
                            part.wire, TimeCategory::dp, "gather parameters");
  }
}

// This rank's part, its share of what is split, from where it rests; there already on the GPU.
sim::OpRef ParameterUnits::copy_in(Unit& unit) {
  Bytes resting;
  for (const Part& part : unit.parts) {
    const Sharding& split = part.replicas->sharding;
    resting +=
        Bytes{(split.parameters ? split.share(part.elements) : part.elements) * parameter_bytes(context_.scenario)};
  }
  sim::OpRef ready = context_.builder.last(context_.streams.main);
  if (rest_ == Place::nvme) ready = pass_disk(context_, ready, resting, "parameters from drives");
  context_.builder.wait(context_.streams.from_host, std::exchange(unit.rest, sim::OpRef::none()));
  if (rest_ != Place::gpu) ready = copy_from_host(context_, ready, resting, "parameters from host");
  return ready;
}

void ParameterUnits::receive(Unit& unit) {
  context_.builder.wait(context_.streams.main, unit.arrival);
  unpack(unit);
  std::int64_t elements = 0;
  for (const Part& part : unit.parts)
    if (part.held.n > 0) elements += part.elements;
  if (unit.holds_casts)
    context_.stream_through("cast", 4 * static_cast<double>(elements), TimeCategory::compute, "cast weights");
}

// Shards of single parameters arrive interleaved by rank, and are copied out.
void ParameterUnits::unpack(const Unit& unit) {
  const Scenario& s = context_.scenario;
  double elements = 0;
  for (const Part& part : unit.parts)
    if (part.wire.n > 0 || sharding_.shards_are_master) elements += static_cast<double>(part.elements);
  if (s.layout.zeropp.quantized_weights)
    context_.stream_through("cast", (1.0 + parameter_bytes(s)) * elements, TimeCategory::other,
                            "dequantize parameters");
  else if (s.software.shards_each_parameter)
    context_.stream_through("default", 2.0 * parameter_bytes(s) * elements, TimeCategory::other, "copy parameters out");
}

}  // namespace orrery::models
