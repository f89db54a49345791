#include "models/architecture/layer/selective_op.h"

#include "models/architecture/attention/latent_attention.h"
#include "models/architecture/layer/every_second.h"
#include "models/architecture/layer/experts/moe.h"
#include "models/architecture/layer/mlp.h"

namespace orrery::models {
namespace {

Linear column_of(const LayerContext& context, const char* name, std::int64_t out) {
  Linear linear = qkv_linear(context);
  linear.name = name;
  linear.out = out;
  return linear;
}

// Query, key and value, each a product of its own.
std::vector<Linear> head_products(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {column_of(context, "query", shape.query), column_of(context, "key", shape.key),
          column_of(context, "value", shape.key)};
}

// The same of gate and up, or of the only one.
std::vector<Linear> fc1_products(const LayerContext& context, const Mlp& mlp) {
  Linear linear = fc1_linear(context, mlp);
  if (!context.model().gated()) return {linear};
  linear.out = mlp.ffn;
  std::vector<Linear> products(2, linear);
  products[0].name = mlp.name + "gate";
  products[1].name = mlp.name + "up";
  return products;
}

Mlp dense_or_shared(const LayerContext& context) {
  return context.experts ? shared_experts(context) : dense_mlp(context);
}

void repeat_heads(const LayerContext& context, EverySecond& products, StepList& list) {
  if (context.model().mla) return latent_every_second(context, products, list);
  for (const Linear& linear : head_products(context))
    if (!products.keeps_next()) column_parallel_forward(context.shape, linear, list);
  rope_both(context, "rope", list);
}

void repeat_mlp(const LayerContext& context, const Mlp& mlp, EverySecond& products, StepList& list) {
  const RankShape& shape = context.shape;
  for (const Linear& linear : fc1_products(context, mlp))
    if (!products.keeps_next()) column_parallel_forward(shape, linear, list);
  activation_forward(context, fc1_linear(context, mlp), shape.tokens, list);
  if (!products.keeps_next() && context.dropout()) list.add(linear_step(shape, fc2_linear(context, mlp)));
}

void save_heads(const LayerContext& context, EverySecond& products, std::vector<SavedTensor>& tensors) {
  if (context.model().mla) return latent_every_second_saved(context, products, tensors);
  for (const Linear& linear : head_products(context))
    if (products.keeps_next())
      tensors.push_back({linear.name, context.shape.activation(context.shape.tokens, linear.out), false});
}

void save_mlp(const LayerContext& context, const Mlp& mlp, EverySecond& products, std::vector<SavedTensor>& tensors) {
  const RankShape& shape = context.shape;
  for (const Linear& linear : fc1_products(context, mlp))
    if (products.keeps_next()) tensors.push_back({linear.name, shape.activation(shape.tokens, linear.out), false});
  if (products.keeps_next()) tensors.push_back({mlp.name + "fc2 output", shape.shard_hidden(), false});
}

}  // namespace

void every_second_product(const LayerContext& context, StepList& list) {
  EverySecond products;
  norm_forward(context, "norm 1", list);
  repeat_heads(context, products, list);
  // Its sum over ranks was kept in any case.
  if (!products.keeps_next()) list.add(linear_step(context.shape, projection_linear(context)));
  residual_forward(context, "residual 1", context.model().bias, list);
  norm_forward(context, "norm 2", list);
  if (context.experts) experts_again(context, list);
  const Mlp mlp = dense_or_shared(context);
  if (mlp.ffn > 0) repeat_mlp(context, mlp, products, list);
}

std::vector<SavedTensor> every_second_saved(const LayerContext& context) {
  const RankShape& shape = context.shape;
  EverySecond products;
  std::vector<SavedTensor> tensors = {{"layer input", shape.shard_hidden(), true}};
  save_heads(context, products, tensors);
  tensors.push_back({"attention output", shape.activation(shape.tokens, shape.output), true});
  tensors.push_back({"softmax statistics", {4 * shape.heads * shape.tokens}, false});
  const bool sum_kept = shape.tp > 1 && shape.sequence_parallel;
  if (products.keeps_next() || sum_kept) tensors.push_back({"proj output", shape.shard_hidden(), false});
  if (context.experts)
    for (SavedTensor& tensor : exchanges_saved(context)) tensors.push_back(std::move(tensor));
  const Mlp mlp = dense_or_shared(context);
  if (mlp.ffn > 0) save_mlp(context, mlp, products, tensors);
  return tensors;
}

}  // namespace orrery::models
