#include "models/architecture/step_list.h"

#include <utility>

#include "models/architecture/layer/grid_products.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

LocalLinear split_linear(const RankShape& shape, const Linear& linear) {
  return {linear, shape.tokens, 1, 1};
}

GemmShape forward_shape(const LocalLinear& local) {
  const Linear& linear = local.linear;
  return {local.products, local.rows, linear.out, linear.in, linear.dtype, GemmRole::forward, false};
}
GemmShape forward_shape(const RankShape& shape, const Linear& linear) {
  return forward_shape(split_linear(shape, linear));
}

GemmShape data_gradient_shape(const LocalLinear& local) {
  const Linear& linear = local.linear;
  return {local.products, local.rows, linear.in, linear.out, linear.dtype, GemmRole::data_gradient, false};
}
GemmShape data_gradient_shape(const RankShape& shape, const Linear& linear) {
  return data_gradient_shape(split_linear(shape, linear));
}

LayerStep product_step(std::string label, const LocalLinear& local, const GemmShape& shape) {
  LayerStep step = gemm_step(std::move(label), shape);
  step.launches = local.launches;
  return step;
}

void add_data_gradient(const LocalLinear& local, StepList& list) {
  list.add(product_step(local.linear.name + " dgrad", local, data_gradient_shape(local)));
}

// Without the fused kernel the GEMM writes an activation-sized gradient, and a
// second kernel adds it to the main gradient.
void add_weight_gradient(const RankShape& shape, const Stack& stack, const LocalLinear& local, int waits_for,
                         StepList& list) {
  const Linear& linear = local.linear;
  const bool adds = shape.main_gradient > 0;
  const bool fused = adds && stack.fused_wgrad_accumulation;
  LayerStep gemm =
      product_step(linear.name + " wgrad", local,
                   {local.products, linear.out, linear.in, local.rows, linear.dtype, GemmRole::weight_gradient, fused});
  gemm.waits_for = waits_for;
  list.add_weight(std::move(gemm));
  if (adds && !fused) {
    const std::int64_t weights = linear.in * linear.out * local.products;
    list.add_weight(memory_step(linear.name + " accumulate", "axpy", shape.accumulated(weights)));
  }
}

void add_bias_gradient(const RankShape& shape, const Linear& linear, std::int64_t rows, StepList& list) {
  if (linear.bias)
    list.add_weight(memory_step(linear.name + " bias gradient", "bias_gradient", shape.activation(rows, linear.out)));
}

LayerStep on_side(LayerStep step, bool side) {
  step.side = side;
  return step;
}

// A product of all ranks' tokens, piece by piece: the tokens of the next rank come
// while those at hand are multiplied.
void product_of_gathered(const RankShape& shape, const std::string& label, GemmShape product, std::int64_t width,
                         StepList& list) {
  product.m = shape.shard_tokens;
  int coming = -1;
  for (int i = 0; i < shape.tp; ++i) {
    const int came = coming;
    if (i + 1 < shape.tp)
      coming = list.add(on_side(
          tp_step("pass on " + label + " input", TransferKind::ring_shift, shape.activation(shape.shard_tokens, width)),
          true));
    if (came >= 0) list.next_waits_for(came);
    list.add(gemm_step(label, product));
  }
}

// A product that is summed over ranks and cut: sums for other ranks pass on while the next piece is multiplied.
void product_to_scatter(const RankShape& shape, const std::string& label, GemmShape product, std::int64_t width,
                        StepList& list) {
  product.m = shape.shard_tokens;
  int leaving = -1;
  for (int i = 0; i < shape.tp; ++i) {
    list.add(gemm_step(label, product));
    if (i + 1 < shape.tp)
      leaving = list.add(on_side(
          tp_step("pass on " + label + " sums", TransferKind::ring_shift, shape.activation(shape.shard_tokens, width)),
          true));
  }
  list.next_waits_for(leaving);
}

}  // namespace

LayerStep gemm_step(std::string label, const GemmShape& shape) {
  LayerStep step;
  step.label = std::move(label);
  step.kernel = {shape};
  return step;
}

LayerStep memory_step(std::string label, std::string family, Bytes bytes) {
  LayerStep step;
  step.label = std::move(label);
  step.kernel = {MemoryBoundShape{std::move(family), bytes}};
  return step;
}

LayerStep group_step(std::string label, TransferKind kind, LayerGroup group, Bytes bytes) {
  LayerStep step;
  step.kind = LayerStep::Kind::collective;
  step.label = std::move(label);
  step.collective = kind;
  step.group = group;
  step.bytes = bytes;
  return step;
}

LayerStep tp_step(std::string label, TransferKind kind, Bytes bytes) {
  return group_step(std::move(label), kind, LayerGroup::tp, bytes);
}

int StepList::add(LayerStep step, Half half) {
  if (!step.side && step.waits_for < 0) step.waits_for = std::exchange(pending_wait_, -1);
  steps_.push_back(std::move(step));
  halves_.push_back(half);
  return static_cast<int>(steps_.size()) - 1;
}

void StepList::append(const StepList& other, bool recomputed) {
  const int offset = static_cast<int>(steps_.size());
  for (std::size_t i = 0; i < other.steps_.size(); ++i) {
    LayerStep step = other.steps_[i];
    step.recomputed = step.recomputed || recomputed;
    if (step.waits_for >= 0) step.waits_for += offset;
    steps_.push_back(std::move(step));
    halves_.push_back(other.halves_[i]);
  }
}

std::vector<LayerStep> StepList::half(Half half) const {
  std::vector<LayerStep> part;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (halves_[i] != half) continue;
    part.push_back(steps_[i]);
    part.back().side = false;
    part.back().waits_for = -1;
  }
  return part;
}

void append(std::vector<LayerStep>& steps, const std::vector<LayerStep>& more) {
  const int offset = static_cast<int>(steps.size());
  for (LayerStep step : more) {
    if (step.waits_for >= 0) step.waits_for += offset;
    steps.push_back(std::move(step));
  }
}

LayerStep linear_step(const RankShape& shape, const Linear& linear) {
  return gemm_step(linear.name, forward_shape(shape, linear));
}

void column_parallel_forward(const RankShape& shape, const Linear& linear, StepList& list) {
  if (shape.grid.active()) return grid_forward(shape, linear, GridTurn::out, list);
  if (shape.splits_products)
    return product_of_gathered(shape, linear.name, forward_shape(shape, linear), linear.in, list);
  if (shape.sequence_parallel)
    list.add(tp_step("all-gather " + linear.name + " input", TransferKind::all_gather,
                     shape.activation(shape.tokens, linear.in)));
  list.add(linear_step(shape, linear));
}

// The order of Megatron-LM under CUDA_DEVICE_MAX_CONNECTIONS=1: the input is
// gathered again under the data gradient, and the sum over ranks of the data
// gradient runs under the weight gradient.
void column_parallel_backward(const RankShape& shape, const Stack& stack, const Linear& linear, StepList& list) {
  if (shape.grid.active()) return grid_backward(shape, linear, GridTurn::out, list);
  const Bytes input = shape.activation(shape.tokens, linear.in);
  int gathered = -1;
  if (shape.sequence_parallel && stack.regather_inputs)
    gathered = list.add_weight(
        on_side(tp_step("all-gather " + linear.name + " input again", TransferKind::all_gather, input), true));
  int reduced = -1;
  if (shape.splits_products)
    product_to_scatter(shape, linear.name + " dgrad", data_gradient_shape(shape, linear), linear.in, list);
  else
    add_data_gradient(split_linear(shape, linear), list);
  if (shape.tp > 1 && !shape.splits_products) {
    const bool sharded = shape.sequence_parallel;
    reduced = list.add(on_side(tp_step((sharded ? "reduce-scatter " : "all-reduce ") + linear.name + " dgrad",
                                       sharded ? TransferKind::reduce_scatter : TransferKind::all_reduce, input),
                               stack.async_tp_dgrad));
  }
  add_weight_gradient(shape, stack, split_linear(shape, linear), gathered, list);
  add_bias_gradient(shape, linear, shape.tokens, list);
  if (reduced >= 0 && stack.async_tp_dgrad) list.next_waits_for(reduced);
}

void row_parallel_forward(const RankShape& shape, const Linear& linear, StepList& list) {
  if (shape.grid.active()) return grid_forward(shape, linear, GridTurn::back, list);
  if (shape.splits_products)
    return product_to_scatter(shape, linear.name, forward_shape(shape, linear), linear.out, list);
  list.add(linear_step(shape, linear));
  if (shape.tp == 1) return;
  const Bytes output = shape.activation(shape.tokens, linear.out);
  if (shape.sequence_parallel)
    list.add(tp_step("reduce-scatter " + linear.name, TransferKind::reduce_scatter, output));
  else
    list.add(tp_step("all-reduce " + linear.name, TransferKind::all_reduce, output));
}

void row_parallel_backward(const RankShape& shape, const Stack& stack, const Linear& linear, StepList& list) {
  if (shape.grid.active()) return grid_backward(shape, linear, GridTurn::back, list);
  // The bias is added after the sum over ranks, to this rank's tokens only.
  add_bias_gradient(shape, linear, shape.shard_tokens, list);
  if (shape.splits_products) {
    product_of_gathered(shape, linear.name + " dgrad", data_gradient_shape(shape, linear), linear.out, list);
    return add_weight_gradient(shape, stack, split_linear(shape, linear), -1, list);
  }
  if (shape.sequence_parallel)
    list.add(tp_step("all-gather " + linear.name + " gradient", TransferKind::all_gather,
                     shape.activation(shape.tokens, linear.out)));
  add_data_gradient(split_linear(shape, linear), list);
  add_weight_gradient(shape, stack, split_linear(shape, linear), -1, list);
}

void local_forward(const LocalLinear& local, StepList& list) {
  list.add(product_step(local.linear.name, local, forward_shape(local)));
}

void local_backward(const RankShape& shape, const Stack& stack, const LocalLinear& local, StepList& list) {
  add_data_gradient(local, list);
  add_weight_gradient(shape, stack, local, -1, list);
  add_bias_gradient(shape, local.linear, local.rows * local.products, list);
}

}  // namespace orrery::models
