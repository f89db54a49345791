#include "models/architecture/operators.h"

#include <set>
#include <stdexcept>
#include <utility>

#include "models/architecture/ends.h"
#include "models/architecture/recompute.h"
#include "models/architecture/saved_tensors.h"

namespace orrery::models {
namespace {

void refuse_what_has_no_operators(const Scenario& scenario) {
  if (scenario.model.mla || scenario.model.moe)
    throw std::logic_error("latent attention and experts are refused by the scenario reader");
}

PieceWork layer_work(const LayerContext& context, const LayerRecompute& again) {
  PieceWork work;
  StepList forward, backward;
  layer_forward(context, forward);
  layer_backward(context, again, backward);
  work.forward = forward.steps();
  set_backward(backward, work);

  work.saved = layer_saved(context, again);
  work.forward_transient = layer_forward_transient(context, again);
  // What was dropped stands again during the backward.
  work.backward_transient = layer_backward_transient(context, again) + layer_dropped(context, again);
  work.output = context.shape.shard_hidden();
  return work;
}

}  // namespace

void set_backward(const StepList& backward, PieceWork& work) {
  work.backward = backward.steps();
  work.input_gradient = backward.half(StepList::Half::input);
  work.weight_gradient = backward.half(StepList::Half::weight);
}

Bytes dummy_weight_gradients(const Scenario& scenario) {
  const LayerContext context = layer_context(scenario);
  std::set<std::pair<std::int64_t, std::int64_t>> shapes;
  for (const Linear& linear :
       {qkv_linear(context), projection_linear(context), fc1_linear(context), fc2_linear(context)})
    shapes.emplace(linear.out, linear.in);
  Bytes sum;
  for (const auto& [out, in] : shapes) sum += context.shape.activation(out, in);
  return sum;
}

PieceWork piece_work(const Scenario& scenario, PieceKind kind, int /*layer*/, int layer_in_rank, int context_rank) {
  refuse_what_has_no_operators(scenario);
  const LayerContext context = layer_context(scenario, context_rank);
  switch (kind) {
    case PieceKind::embedding:
      return embedding_work(context);
    case PieceKind::layer:
      return layer_work(context, layer_recompute(scenario.training, layer_in_rank));
    case PieceKind::head:
      return head_work(context);
  }
  return {};
}

}  // namespace orrery::models
