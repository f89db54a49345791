#include "models/architecture/weights.h"

#include "models/architecture/layer/experts/moe.h"
#include "models/architecture/layer/transformer_layer.h"
#include "models/architecture/parameters.h"
#include "models/architecture/saved_tensors.h"
#include "models/layout/layer_degrees.h"
#include "models/layout/tensor_grid.h"

namespace orrery::models {
namespace {

// Of experts, all first matrices and then all second ones, as a grouped product holds them.
std::vector<Weight> layer_matrices(const Scenario& scenario, int layer) {
  LayerContext context = layer_context(scenario, layer_degree(scenario.layout, layer));
  context.experts = has_experts(scenario.model, layer);
  std::vector<Weight> matrices;
  std::vector<Linear> linears = layer_linears(context);
  if (context.experts) linears.resize(linears.size() - expert_linears(context).size());
  for (const Linear& linear : linears) matrices.push_back({linear.in * linear.out, false});
  if (!context.experts) return matrices;
  const auto experts = static_cast<std::size_t>(expert_shape(context).experts);
  for (const Linear& linear : expert_linears(context))
    matrices.insert(matrices.end(), experts, {linear.in * linear.out, true});
  return matrices;
}

// Large tensors of a piece.
std::vector<Weight> matrices_of(const Scenario& scenario, PieceKind kind, int layer, const PieceParameters& size) {
  if (kind == PieceKind::layer) return layer_matrices(scenario, layer);
  if (kind != PieceKind::mtp) return {{size.tp_split, false}};
  std::vector<Weight> matrices = layer_matrices(scenario, scenario.model.layers - 1);
  if (size.tables > 0) matrices.push_back({size.tables, false});
  std::int64_t joint = size.tp_split;  // the rest of what is split: the projection of two states to one
  for (const Weight& weight : matrices) joint -= weight.expert ? 0 : weight.elements;
  if (joint > 0) matrices.push_back({joint, false});
  return matrices;
}

}  // namespace

std::vector<Weight> piece_weights(const Scenario& scenario, PieceKind kind, int layer) {
  const PieceParameters size = piece_parameters(scenario, kind, layer);
  const bool whole = !scenario.model.table.empty() || tensor_grid(scenario.layout).active();
  std::vector<Weight> matrices = whole ? std::vector<Weight>{{size.dense(), false}, {size.experts, true}}
                                       : matrices_of(scenario, kind, layer, size);
  std::int64_t dense = size.dense(), experts = size.experts;
  for (const Weight& weight : matrices) (weight.expert ? experts : dense) -= weight.elements;
  std::vector<Weight> weights;
  if (dense > 0) weights.push_back({dense, false});
  if (experts > 0) weights.push_back({experts, true});
  for (const Weight& weight : matrices)
    if (weight.elements > 0) weights.push_back(weight);
  return weights;
}

}  // namespace orrery::models
