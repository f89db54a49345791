#include "models/architecture/layer/selective_op.h"

#include "models/architecture/layer/mlp.h"
#include "models/architecture/layer/moe.h"

namespace orrery::models {
namespace {

// Of an MLP: the second product and what stands between the products. A third one is kept.
void repeat_mlp(const LayerContext& context, const Mlp& mlp, StepList& list) {
  const RankShape& shape = context.shape;
  const Linear fc1 = fc1_linear(context, mlp);
  if (context.model().gated()) {
    Linear up = fc1;
    up.name = mlp.name + "up";
    up.out = mlp.ffn;
    column_parallel_forward(shape, up, list);
  }
  activation_forward(context, fc1, shape.tokens, list);
  if (!context.model().gated()) list.add(linear_step(shape, fc2_linear(context, mlp)));
}

void save_mlp_products(const LayerContext& context, const Mlp& mlp, std::vector<SavedTensor>& tensors) {
  const RankShape& shape = context.shape;
  tensors.push_back({mlp.name + "gate", shape.activation(shape.tokens, mlp.ffn), false});
  if (context.model().gated()) tensors.push_back({mlp.name + "fc2 output", shape.shard_hidden(), false});
}

}  // namespace

void every_second_product(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  norm_forward(context, "norm 1", list);
  Linear key = qkv_linear(context);
  key.name = "key";
  key.out = shape.key;
  column_parallel_forward(shape, key, list);
  rope_both(context, "rope", list);
  list.add(linear_step(shape, projection_linear(context)));  // its sum over ranks was kept
  residual_forward(context, "residual 1", context.model().bias, list);
  norm_forward(context, "norm 2", list);
  if (context.experts) experts_again(context, list);
  const Mlp mlp = context.experts ? shared_experts(context) : dense_mlp(context);
  if (mlp.ffn > 0) repeat_mlp(context, mlp, list);
}

std::vector<SavedTensor> every_second_saved(const LayerContext& context) {
  const RankShape& shape = context.shape;
  std::vector<SavedTensor> tensors = {{"layer input", shape.shard_hidden(), true},
                                      {"query", shape.activation(shape.tokens, shape.query), false},
                                      {"value", shape.activation(shape.tokens, shape.key), false},
                                      {"attention output", shape.activation(shape.tokens, shape.query), true},
                                      {"softmax statistics", {4 * shape.heads * shape.tokens}, false}};
  if (context.experts)
    for (SavedTensor& tensor : exchanges_saved(context)) tensors.push_back(std::move(tensor));
  const Mlp mlp = context.experts ? shared_experts(context) : dense_mlp(context);
  if (mlp.ffn > 0) save_mlp_products(context, mlp, tensors);
  if (shape.tp > 1 && shape.sequence_parallel) tensors.push_back({"proj sum", shape.shard_hidden(), false});
  return tensors;
}

}  // namespace orrery::models
