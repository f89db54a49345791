#include "models/compile/data_parallel/gathered_units.h"

#include <algorithm>
#include <cmath>

#include "models/compile/data_parallel/offload.h"
#include "models/compile/roles.h"
#include "models/memory/states.h"

namespace orrery::models {

namespace {

// Bytes of a parameter's low-precision casts, where it is multiplied in low precision.
double cast_bytes(const Scenario& s, const PieceTemplate& piece) {
  const bool multiplied = piece.kind == PieceKind::layer || piece.kind == PieceKind::mtp;
  return multiplied ? low_precision_copies(s.training.precision) : 0;
}

}  // namespace

GatheredUnits::GatheredUnits(StageContext& context, const Chunks& chunks) : DataParallel(context, chunks) {
  list_units(chunks);
  list_uses();
  plan_uses();
}

void GatheredUnits::list_units(const Chunks& chunks) {
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
      add(piece, unit);
      unit.of_ends = shares;
      unit.holds_casts = cast_bytes(context_.scenario, piece) > 0;
      if (piece.kind == PieceKind::embedding && context_.scenario.model.tied_embeddings) table = units.back();
    }
  }
}

std::int64_t GatheredUnits::Unit::elements() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) sum += part.elements;
  return sum;
}

void GatheredUnits::add(const PieceTemplate& piece, Unit& unit) const {
  add(piece, piece.parameters, dense(piece), unit);
  add(piece, piece.expert_parameters, experts_, unit);
}

void GatheredUnits::add(const PieceTemplate& piece, std::int64_t parameters, const Replicas& replicas,
                        Unit& unit) const {
  if (parameters == 0) return;
  const Scenario& s = context_.scenario;
  const double width = parameter_bytes(s) + cast_bytes(s, piece);
  const auto same = [&](const Part& part) { return part.replicas == &replicas; };
  auto part = std::find_if(unit.parts.begin(), unit.parts.end(), same);
  if (part == unit.parts.end()) part = unit.parts.insert(part, {&replicas, 0, {}, {}});
  part->elements += parameters;
  if (replicas.sharding.parameters) part->wire += gathered_bytes(s, piece.kind, parameters);
  // What is whole stays as it is, unless it rests in the width of the optimizer's.
  if (replicas.sharding.parameters || sharding_.shards_are_master)
    part->gathered += {std::llround(width * static_cast<double>(parameters))};
}

// Everything of a step that multiplies with weights, in order.
void GatheredUnits::list_uses() {
  for (const Action& action : context_.actions())
    for (const Action& pass : passes(action)) list_uses(pass);
}

void GatheredUnits::list_uses(const Action& pass) {
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

void GatheredUnits::plan_uses() {
  std::vector<bool> seen(units_.size());  // from the end: not the last use of the step
  for (std::size_t u = uses_.size(); u-- > 0;) {
    uses_[u].drops = !wanted_again(u, !seen[uses_[u].unit]);
    seen[uses_[u].unit] = true;
  }
  std::vector<bool> here(units_.size());
  for (Use& use : uses_) {
    use.gathers = !here[use.unit] && units_[use.unit].elements() > 0;
    here[use.unit] = !use.drops;
  }
}

bool GatheredUnits::wanted_again(std::size_t use, bool last_of_step) const {
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

// ZeRO++: the node's second copy of the parameters, a share on each of its GPUs.
void GatheredUnits::hold_buffers() {
  const ZeroPlusPlusSpec& zeropp = context_.scenario.layout.zeropp;
  if (!zeropp.hierarchical) return;
  std::int64_t all = expert_elements_;
  for (const auto& [degree, elements] : elements_) all += elements;
  const std::int64_t share = (all + zeropp.node_group - 1) / zeropp.node_group;
  context_.builder.resident(
      buffer(Bytes{share * parameter_bytes(context_.scenario)}, MemoryCause::parameters, "parameters for the node"));
}

void GatheredUnits::before_piece(const PieceTurn& turn) {
  if (unit_of(turn.chunk, turn.piece) == kNoUnit) return;
  if (turn.type != Action::Type::weight_gradient) {
    issue_up_to(next_use_ + (context_.scenario.overlap.parameters ? 1 : 0));
    if (uses_[next_use_].gathers) receive(units_[uses_[next_use_].unit]);
  }
  if (turn.makes_weight_gradients()) hold_gradients(units_[unit_of(turn.chunk, turn.piece)]);
}

void GatheredUnits::issue_up_to(std::size_t use) {
  for (; issued_ <= use && issued_ < uses_.size(); ++issued_)
    if (uses_[issued_].gathers) issue_gather(uses_[issued_]);
}

// ZeRO++ gathers for the backward from a second copy that the node holds.
void GatheredUnits::issue_gather(const Use& use) {
  Unit& unit = units_[use.unit];
  const sim::StreamIndex stream =
      context_.scenario.overlap.parameters ? context_.streams.parameters : context_.streams.main;
  Bytes gathered;
  for (const Part& part : unit.parts) gathered += part.gathered;
  allocate(unit.parameters, gathered, MemoryCause::buffers, "gathered parameters");
  context_.builder.wait(stream, bring_share(unit));
  const bool from_node = use.backward && context_.scenario.layout.zeropp.hierarchical;
  for (const Part& part : unit.parts)
    if (part.wire.n > 0) unit.gather = gather(stream, part.wire, from_node ? role::node : part.replicas->shard);
}

// This rank's share, from where it rests; there already on the GPU.
sim::OpRef GatheredUnits::bring_share(const Unit& unit) {
  const Place place = context_.scenario.layout.offload.parameters;
  Bytes share;
  for (const Part& part : unit.parts)
    share += Bytes{part.replicas->sharding.share(part.elements) * parameter_bytes(context_.scenario)};
  sim::OpRef ready = context_.builder.last(context_.streams.main);
  if (place == Place::nvme) ready = pass_disk(context_, ready, share, "parameters from drives");
  if (place != Place::gpu) ready = copy_from_host(context_, ready, share, "parameters from host");
  return ready;
}

// By their gather, or by a cast.
std::int64_t GatheredUnits::elements_received(const Unit& unit) const {
  std::int64_t sum = 0;
  for (const Part& part : unit.parts)
    if (part.gathered.n > 0) sum += part.elements;
  return sum;
}

// Shards of single parameters arrive interleaved by rank, and are copied out.
void GatheredUnits::receive(Unit& unit) {
  const Scenario& s = context_.scenario;
  context_.builder.wait(context_.streams.main, unit.gather);
  const double elements = static_cast<double>(elements_received(unit));
  if (s.layout.zeropp.quantized_weights)
    context_.stream_through("cast", (1.0 + parameter_bytes(s)) * elements, TimeCategory::other,
                            "dequantize parameters");
  else if (s.software.shards_each_parameter)
    context_.stream_through("default", 2.0 * parameter_bytes(s) * elements, TimeCategory::other, "copy parameters out");
  if (unit.holds_casts) context_.stream_through("cast", 4 * elements, TimeCategory::compute, "cast weights");
}

// Autograd's gradients, as wide as the parameters; under a pipeline they add up in the width that is reduced.
void GatheredUnits::hold_gradients(Unit& unit) {
  if (unit.gradients != kNoBuffer || unit.elements() == 0) return;
  const Scenario& s = context_.scenario;
  const int width = sharding_.reduce_once ? reduced_gradient_bytes(s) : parameter_bytes(s);
  allocate(unit.gradients, Bytes{unit.elements() * width},
           sharding_.reduce_once ? MemoryCause::gradients : MemoryCause::buffers, "whole gradients");
}

void GatheredUnits::after_piece(const PieceTurn& turn) {
  if (unit_of(turn.chunk, turn.piece) == kNoUnit) return;
  if (turn.type != Action::Type::weight_gradient) {
    const Use& use = uses_[next_use_++];
    if (use.drops) free(units_[use.unit].parameters);
  }
  Unit& unit = units_[unit_of(turn.chunk, turn.piece)];
  const bool all_of_it = !unit.of_ends || turn.piece == 0;  // the embedding comes last
  if (turn.makes_weight_gradients() && all_of_it && unit.elements() > 0 && (turn.completes || !sharding_.reduce_once))
    reduce(unit);
}

// The reduction before must be over before this one's buffer is filled.
void GatheredUnits::reduce(Unit& unit) {
  const Scenario& s = context_.scenario;
  finish_reduction();
  const int width = reduced_gradient_bytes(s), from = sharding_.reduce_once ? width : parameter_bytes(s);
  const double elements = static_cast<double>(unit.elements());
  if (s.software.shards_each_parameter || from != width) {
    allocate(reducing_, Bytes{unit.elements() * width}, MemoryCause::buffers, "gradients to reduce");
    context_.stream_through("default", (from + width) * elements, TimeCategory::other, "copy gradients in");
    free(unit.gradients);
  } else {
    context_.stream_through("scale", 2.0 * width * elements, TimeCategory::other, "scale gradients");
    reducing_ = std::exchange(unit.gradients, kNoBuffer);
  }
  // Quantized, and the sums of both hops dequantized: read in 16 bits, written and read in 4.
  if (s.layout.zeropp.quantized_gradients)
    context_.stream_through("cast", (width + 4 * 0.5) * elements, TimeCategory::other, "quantize gradients");
  const sim::StreamIndex stream = s.overlap.gradients ? context_.streams.gradients : context_.streams.main;
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  for (const Part& part : unit.parts) reduction_ = reduce_gradients(stream, part.elements, *part.replicas);
}

void GatheredUnits::finish_reduction() {
  if (reducing_ == kNoBuffer) return;
  context_.builder.wait(context_.streams.main, reduction_);
  free(reducing_);
}

void GatheredUnits::finish_gradients() {
  finish_reduction();
}

void GatheredUnits::allocate(std::uint32_t& held, Bytes bytes, MemoryCause cause, std::string_view label) {
  held = buffer(bytes, cause, label);
  context_.builder.allocate(context_.streams.main, held);
}

void GatheredUnits::free(std::uint32_t& held) {
  if (held != kNoBuffer) context_.builder.free(context_.streams.main, held);
  held = kNoBuffer;
}

}  // namespace orrery::models
