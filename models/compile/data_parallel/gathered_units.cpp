#include "models/compile/data_parallel/gathered_units.h"

#include <utility>

namespace orrery::models {

GatheredUnits::GatheredUnits(StageContext& context, const Chunks& chunks)
    : DataParallel(context, chunks), units_(context, chunks, dense_, experts_), gradients_(units_.count(), kNoBuffer) {}

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
  const std::size_t unit = units_.unit_of(turn);
  if (unit == ParameterUnits::kNoUnit) return;
  units_.before_piece(turn);
  if (turn.makes_weight_gradients()) hold_gradients(unit);
}

// Autograd's gradients, as wide as the parameters; under a pipeline they add up in the width that is reduced.
void GatheredUnits::hold_gradients(std::size_t unit) {
  const std::int64_t elements = units_.unit(unit).elements();
  if (gradients_[unit] != kNoBuffer || elements == 0) return;
  const Scenario& s = context_.scenario;
  const int width = sharding_.reduce_once ? reduced_gradient_bytes(s) : parameter_bytes(s);
  allocate(gradients_[unit], Bytes{elements * width},
           sharding_.reduce_once ? MemoryCause::gradients : MemoryCause::buffers, "whole gradients");
}

void GatheredUnits::after_piece(const PieceTurn& turn) {
  const std::size_t at = units_.unit_of(turn);
  if (at == ParameterUnits::kNoUnit) return;
  units_.after_piece(turn);
  const ParameterUnits::Unit& unit = units_.unit(at);
  const bool all_of_it = !unit.of_ends || turn.piece == 0;  // the embedding comes last
  if (turn.makes_weight_gradients() && all_of_it && unit.elements() > 0 && (turn.completes || !sharding_.reduce_once))
    reduce(at);
}

// The reduction before must be over before this one's buffer is filled.
void GatheredUnits::reduce(std::size_t at) {
  const Scenario& s = context_.scenario;
  const ParameterUnits::Unit& unit = units_.unit(at);
  finish_reduction();
  const int width = reduced_gradient_bytes(s), from = sharding_.reduce_once ? width : parameter_bytes(s);
  const double elements = static_cast<double>(unit.elements());
  if (s.software.shards_each_parameter || from != width) {
    allocate(reducing_, Bytes{unit.elements() * width}, MemoryCause::buffers, "gradients to reduce");
    context_.stream_through("default", (from + width) * elements, TimeCategory::other, "copy gradients in");
    free(gradients_[at]);
  } else {
    context_.stream_through("scale", 2.0 * width * elements, TimeCategory::other, "scale gradients");
    reducing_ = std::exchange(gradients_[at], kNoBuffer);
  }
  // Quantized, and the sums of both hops dequantized: read in 16 bits, written and read in 4.
  if (s.layout.zeropp.quantized_gradients)
    context_.stream_through("cast", (width + 4 * 0.5) * elements, TimeCategory::other, "quantize gradients");
  const sim::StreamIndex stream = s.overlap.gradients ? context_.streams.gradients : context_.streams.main;
  context_.builder.wait(stream, context_.builder.last(context_.streams.main));
  for (const ParameterUnits::Part& part : unit.parts)
    reduction_ = reduce_gradients(stream, part.elements, *part.replicas);
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
