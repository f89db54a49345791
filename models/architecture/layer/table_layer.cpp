#include "models/architecture/layer/table_layer.h"

#include <algorithm>
#include <cmath>

#include "models/architecture/layer/ends.h"

namespace orrery::models {
namespace {

const TableLayer& layer_of(const LayerContext& context) {
  return context.model().table[static_cast<std::size_t>(context.layer)];
}

Bytes input_of(const LayerContext& context) {
  if (context.layer == 0) return {};  // samples come from the loader
  return context.model().table[static_cast<std::size_t>(context.layer) - 1].output * context.shape.batch;
}

GemmShape product(const LayerContext& context, GemmRole role) {
  const TableLayer& layer = layer_of(context);
  const auto weights = static_cast<double>(layer.parameters);
  GemmShape shape;
  shape.n = std::max<std::int64_t>(1, std::llround(std::sqrt(weights)));
  shape.k = std::max<std::int64_t>(1, std::llround(weights / static_cast<double>(shape.n)));
  const double uses = layer.forward_flops / (2 * static_cast<double>(shape.n) * static_cast<double>(shape.k));
  shape.m = std::max<std::int64_t>(1, std::llround(static_cast<double>(context.shape.batch) * uses));
  shape.dtype = context.shape.linear_type;
  shape.role = role;
  if (role == GemmRole::data_gradient) std::swap(shape.n, shape.k);
  if (role == GemmRole::weight_gradient) {
    std::swap(shape.m, shape.k);
    shape.accumulate = context.stack().fused_wgrad_accumulation && context.shape.main_gradient > 0;
  }
  return shape;
}

bool multiplies(const TableLayer& layer) {
  return layer.parameters > 0 && layer.forward_flops > 0;
}

void forward(const LayerContext& context, StepList& list) {
  const TableLayer& layer = layer_of(context);
  if (multiplies(layer)) list.add(gemm_step(layer.name, product(context, GemmRole::forward)));
  const Bytes output = layer.output * context.shape.batch;
  list.add(memory_step(layer.name + " output", "default", (multiplies(layer) ? output : input_of(context)) + output));
}

void backward(const LayerContext& context, StepList& list) {
  const TableLayer& layer = layer_of(context);
  const Bytes output = layer.output * context.shape.batch;
  list.add(memory_step(layer.name + " output backward", "default",
                       output * 2 + (multiplies(layer) ? output : input_of(context))));
  if (!multiplies(layer)) return;
  if (context.layer > 0) list.add(gemm_step(layer.name + " dgrad", product(context, GemmRole::data_gradient)));
  list.add_weight(gemm_step(layer.name + " wgrad", product(context, GemmRole::weight_gradient)));
}

}  // namespace

PieceWork table_work(const LayerContext& context, bool recomputed) {
  const TableLayer& layer = layer_of(context);
  PieceWork work;
  StepList ahead, back;
  forward(context, ahead);
  if (recomputed) back.append(ahead, true);
  backward(context, back);
  work.forward = ahead.steps();
  set_backward(back, work);
  const Bytes kept = layer.activations * context.shape.batch;
  const Bytes saved = recomputed ? input_of(context) : kept;
  if (saved.n > 0) work.saved.push_back({recomputed ? "layer input" : "activations", saved, true});
  work.output = layer.output * context.shape.batch;
  // The gradient of the output stands while that of the input is made.
  work.backward_transient = work.output + input_of(context) + (recomputed ? kept : Bytes{});
  if (recomputed) work.forward_transient = kept;
  return work;
}

}  // namespace orrery::models
