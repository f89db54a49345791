#include "models/architecture/operators.h"

#include <set>
#include <utility>

#include "models/architecture/layer/ends/ends.h"
#include "models/architecture/layer/redistribution.h"
#include "models/architecture/layer/table_layer.h"
#include "models/architecture/parameters.h"
#include "models/architecture/recompute.h"
#include "models/architecture/saved_tensors.h"
#include "models/layout/layer_degrees.h"

namespace orrery::models {

PieceWork layer_work(const LayerContext& context, const LayerRecompute& again) {
  PieceWork work;
  StepList forward, backward;
  layer_forward(context, forward);
  layer_backward(context, again, backward);
  work.forward = std::move(forward).take();
  set_backward(context, std::move(backward), work);

  work.saved = layer_saved(context, again);
  work.forward_transient = layer_forward_transient(context, again);
  // What was dropped stands again during the backward.
  work.backward_transient = layer_backward_transient(context, again) + layer_dropped(context, again);
  work.output = context.shape.shard_hidden();
  return work;
}

void set_backward(const LayerContext& context, StepList backward, PieceWork& work) {
  if (context.halves) {
    work.input_gradient = backward.half(StepList::Half::input);
    work.weight_gradient = backward.half(StepList::Half::weight);
  }
  work.backward = std::move(backward).take();
}

int piece_degree(const Scenario& scenario, PieceKind kind, int layer) {
  return kind == PieceKind::layer ? layer_degree(scenario.layout, layer) : scenario.layout.tp;
}

int degree_before(const Scenario& scenario, PieceKind kind, int layer) {
  if (kind == PieceKind::embedding) return scenario.layout.tp;
  return layer_degree(scenario.layout, kind == PieceKind::layer ? layer - 1 : scenario.model.layers - 1);
}

bool keeps_whole_gradients(const Scenario& scenario) {
  const RankShape shape = rank_shape(scenario, scenario.layout);
  const bool adds_up = !scenario.software.fused_wgrad_accumulation && shape.main_gradient > shape.element;
  return scenario.software.whole_gradients && adds_up;
}

std::vector<Bytes> dummy_weight_gradients(const Scenario& scenario, const std::vector<int>& layers) {
  if (!scenario.model.table.empty()) return {};
  std::set<std::pair<std::int64_t, std::int64_t>> shapes;
  std::set<std::pair<int, bool>> seen;
  for (const int layer : layers) {
    const int degree = layer_degree(scenario.layout, layer);
    const bool experts = has_experts(scenario.model, layer);
    if (!seen.emplace(degree, experts).second) continue;
    LayerContext context = layer_context(scenario, degree);
    context.experts = experts;
    for (const Linear& linear : layer_linears(context)) shapes.emplace(linear.out, linear.in);
  }
  const RankShape any = rank_shape(scenario, scenario.layout);
  std::vector<Bytes> gradients;
  for (const auto& [out, in] : shapes) gradients.push_back(any.activation(out, in));
  return gradients;
}

bool works_alike(const Scenario& scenario, int layer, int layer_in_rank, int other, int other_in_rank) {
  const ModelSpec& model = scenario.model;
  if (!model.table.empty()) return layer == other;
  const auto same = [&](auto degree) {
    return degree(scenario, PieceKind::layer, layer) == degree(scenario, PieceKind::layer, other);
  };
  if (!same(piece_degree) || !same(degree_before)) return false;
  const bool experts = has_experts(model, layer);
  if (experts != has_experts(model, other)) return false;
  if (experts && !model.moe->even() && layer != other) return false;  // loads are drawn for each layer
  return layer_recompute(scenario.training, layer_in_rank) == layer_recompute(scenario.training, other_in_rank);
}

namespace {

PieceWork work_of(LayerContext& context, PieceKind kind, int layer, int layer_in_rank) {
  const Scenario& scenario = context.scenario;
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
    case PieceKind::loss:
      return loss_work(context);
  }
  return {};
}

}  // namespace

PieceWork piece_work(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, int context_rank,
                     int expert_rank, bool halves) {
  LayerContext context = layer_context(scenario, piece_degree(scenario, kind, layer), context_rank);
  context.layer = layer;
  context.expert_rank = expert_rank;
  context.halves = halves;
  PieceWork work = work_of(context, kind, layer, layer_in_rank);
  take_input_from(context, degree_before(scenario, kind, layer), work);
  return work;
}

}  // namespace orrery::models
