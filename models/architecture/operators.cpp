#include "models/architecture/operators.h"

#include <set>
#include <utility>

#include "models/architecture/layer/ends.h"
#include "models/architecture/layer/table_layer.h"
#include "models/architecture/parameters.h"
#include "models/architecture/recompute.h"
#include "models/architecture/saved_tensors.h"

namespace orrery::models {

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

void set_backward(const StepList& backward, PieceWork& work) {
  work.backward = backward.steps();
  work.input_gradient = backward.half(StepList::Half::input);
  work.weight_gradient = backward.half(StepList::Half::weight);
}

Bytes dummy_weight_gradients(const Scenario& scenario, const std::vector<int>& layers) {
  if (!scenario.model.table.empty()) return {};
  LayerContext context = layer_context(scenario);
  std::set<std::pair<std::int64_t, std::int64_t>> shapes;
  bool seen[2] = {false, false};
  for (const int layer : layers) {
    context.experts = has_experts(scenario.model, layer);
    if (std::exchange(seen[context.experts ? 1 : 0], true)) continue;
    for (const Linear& linear : layer_linears(context)) shapes.emplace(linear.out, linear.in);
  }
  Bytes sum;
  for (const auto& [out, in] : shapes) sum += context.shape.activation(out, in);
  return sum;
}

bool works_alike(const Scenario& scenario, int layer, int layer_in_rank, int other, int other_in_rank) {
  const ModelSpec& model = scenario.model;
  if (!model.table.empty()) return layer == other;
  const bool experts = has_experts(model, layer);
  if (experts != has_experts(model, other)) return false;
  if (experts && !model.moe->even() && layer != other) return false;  // loads are drawn for each layer
  return layer_recompute(scenario.training, layer_in_rank) == layer_recompute(scenario.training, other_in_rank);
}

PieceWork piece_work(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, int context_rank,
                     int expert_rank) {
  LayerContext context = layer_context(scenario, context_rank);
  context.layer = layer;
  context.expert_rank = expert_rank;
  if (!scenario.model.table.empty())
    return kind == PieceKind::layer ? table_work(context, layer_recompute(scenario.training, layer_in_rank).everything)
                                    : PieceWork{};
  switch (kind) {
    case PieceKind::embedding:
      return embedding_work(context);
    case PieceKind::layer:
      context.experts = has_experts(scenario.model, layer);
      return layer_work(context, layer_recompute(scenario.training, layer_in_rank));
    case PieceKind::mtp:
      context.experts = has_experts(scenario.model, scenario.model.layers - 1);
      return mtp_work(context, layer_recompute(scenario.training, layer_in_rank));
    case PieceKind::head:
      return head_work(context);
  }
  return {};
}

}  // namespace orrery::models
