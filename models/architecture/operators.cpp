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
  if (scenario.model.mla || scenario.model.moe || scenario.layout.cp > 1)
    throw std::logic_error("latent attention, experts and context parallelism are refused by the scenario reader");
}

PieceWork layer_work(const LayerContext& context, LayerRecompute recompute) {
  const bool all_again = recompute == LayerRecompute::everything;
  const bool core_again = recompute == LayerRecompute::attention_core;
  PieceWork work;
  StepList forward, backward;
  layer_forward(context, forward);
  if (all_again) backward.append(forward, true);
  layer_backward(context, core_again, backward);
  work.forward = forward.steps();
  set_backward(backward, work);

  work.saved = layer_saved(context, core_again);
  work.forward_transient = layer_forward_transient(context, recompute);
  work.backward_transient = layer_backward_transient(context, core_again);
  if (all_again) {
    // Everything but the input is dropped, and stands again during the backward.
    const Bytes input = context.shape.shard_hidden();
    work.backward_transient += total(work.saved) - input;
    work.saved = {{"layer input", input, true}};
  }
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

PieceWork piece_work(const Scenario& scenario, PieceKind kind, int /*layer*/, int layer_in_rank) {
  refuse_what_has_no_operators(scenario);
  const LayerContext context = layer_context(scenario);
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
