#include "models/architecture/layer/transformer_layer.h"

#include "models/architecture/attention/latent_attention.h"
#include "models/architecture/layer/experts/moe.h"
#include "models/architecture/layer/grid_products.h"
#include "models/architecture/layer/mlp.h"
#include "models/architecture/layer/selective_op.h"
#include "models/layout/layer_degrees.h"

namespace orrery::models {
namespace {

std::string norm_family(const ModelSpec& model) {
  return model.norm == Norm::rmsnorm ? "rmsnorm" : "layernorm";
}

// Norms of single heads of queries and keys (Qwen3).
void head_norms(const LayerContext& context, StepList& list, bool backward) {
  if (!context.model().qk_norm) return;
  const RankShape& shape = context.shape;
  const Bytes pass = shape.activation(shape.tokens, shape.query + shape.key);
  const std::string family = norm_family(context.model());
  if (backward)
    list.add(memory_step("query and key norm backward", family + "_backward", pass * 3));
  else
    list.add(memory_step("query and key norm", family, pass * 2));
}

}  // namespace

// Bias, dropout, and the sum with the residual stream.
void residual_forward(const LayerContext& context, const std::string& label, bool bias, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes pass = shape.shard_hidden();
  const Bytes mask = {context.dropout() ? shape.shard_tokens * shape.hidden : 0};
  const bool more_than_add = bias || context.dropout();
  if (context.stack().fused_bias_dropout_add && more_than_add) {
    list.add(memory_step(label, "bias_dropout_add", pass * 3 + mask));
    return;
  }
  if (bias) list.add(memory_step(label + " bias", "residual_add", pass * 2));
  if (context.dropout()) list.add(memory_step(label + " dropout", "dropout", pass * 2 + mask));
  list.add(memory_step(label, "residual_add", pass * 3));
}

namespace {

// The residual branch takes the gradient as it is; only dropout has work to do.
void residual_backward(const LayerContext& context, const std::string& label, StepList& list) {
  if (!context.dropout()) return;
  const RankShape& shape = context.shape;
  list.add(memory_step(label + " dropout backward", "dropout",
                       shape.shard_hidden() * 2 + Bytes{shape.shard_tokens * shape.hidden}));
}

void join_residual_gradient(const LayerContext& context, const std::string& label, StepList& list) {
  list.add(memory_step(label + " residual gradient", "residual_add", context.shape.shard_hidden() * 3));
}

}  // namespace

LayerContext layer_context(const Scenario& scenario, int degree, int context_rank) {
  const LayoutSpec& layout = scenario.layout;
  const bool own = degree != layout.tp;
  LayerContext context{scenario, rank_shape(scenario, own ? layer_layout(layout, degree) : layout),
                       context_split(layout)};
  context.context_rank = context_rank;
  return context;
}

Linear qkv_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const ModelSpec& model = context.model();
  return {"qkv", shape.hidden, shape.qkv(), model.bias || model.qkv_bias, shape.linear_type};
}

Linear projection_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"proj", shape.output, shape.hidden, context.model().bias, shape.linear_type};
}

void add_bias(const RankShape& shape, const Linear& linear, std::int64_t rows, StepList& list) {
  if (linear.bias) list.add(memory_step(linear.name + " bias", "residual_add", shape.activation(rows, 2 * linear.out)));
}

// Unfused, it is rotate-half, two products and a sum: nine passes over the tensor in place of two.
void rope(const LayerContext& context, std::int64_t width, const std::string& label, StepList& list) {
  if (context.model().positions != Positions::rope) return;
  const Bytes pass = context.shape.activation(context.shape.tokens, width);
  list.add(memory_step(label, "rope", pass * (context.stack().fused_rope ? 2 : 9)));
}

void norm_forward(const LayerContext& context, const std::string& label, StepList& list) {
  if (context.shape.grid.active()) grid_norm_forward(context, label, list);
  norm_forward(context, label, context.shape.shard_hidden(), list);
}

void norm_backward(const LayerContext& context, const std::string& label, StepList& list) {
  if (context.shape.grid.active()) grid_norm_backward(context, label, list);
  norm_backward(context, label, context.shape.shard_hidden(), list);
}

void norm_forward(const LayerContext& context, const std::string& label, Bytes pass, StepList& list) {
  const std::string family = norm_family(context.model());
  if (context.stack().fused_norm) {
    list.add(memory_step(label, family, pass * 2));
    return;
  }
  list.add(memory_step(label + " statistics", family, pass));
  list.add(memory_step(label, family, pass * 2));
  list.add(memory_step(label + " scale", "default", pass * 2));
}

// Reads the gradient and the input, writes the gradient of the input; the
// gradient of the scale comes out of the same pass.
void norm_backward(const LayerContext& context, const std::string& label, Bytes pass, StepList& list) {
  if (!context.stack().fused_norm) list.add(memory_step(label + " scale backward", "default", pass * 2));
  list.add(memory_step(label + " backward", norm_family(context.model()) + "_backward", pass * 3));
}

void rope_both(const LayerContext& context, const std::string& label, StepList& list) {
  rope(context, context.shape.query + context.shape.key, label, list);
}

namespace {

// From the first norm's output to queries, keys and values; and back.
void projections_forward(const LayerContext& context, StepList& list) {
  if (context.model().mla) return latent_projections_forward(context, list);
  const RankShape& shape = context.shape;
  column_parallel_forward(shape, qkv_linear(context), list);
  add_bias(shape, qkv_linear(context), shape.tokens, list);
  head_norms(context, list, false);
  rope_both(context, "rope", list);
}

}  // namespace

void attention_forward(const LayerContext& context, StepList& list) {
  projections_forward(context, list);
  attention_core_forward(context, list);
  row_parallel_forward(context.shape, projection_linear(context), list);
}

void feed_forward(const LayerContext& context, StepList& list) {
  if (context.experts) return experts_forward(context, list);
  mlp_forward(context, dense_mlp(context), list);
}

void layer_forward(const LayerContext& context, StepList& list) {
  norm_forward(context, "norm 1", list);
  attention_forward(context, list);
  residual_forward(context, "residual 1", context.model().bias, list);

  norm_forward(context, "norm 2", list);
  feed_forward(context, list);
  residual_forward(context, "residual 2", context.model().bias && !context.experts, list);
}

namespace {

template <class Steps>
void repeat(const LayerContext& context, StepList& list, const Steps& steps) {
  StepList again;
  steps(context, again);
  list.append(again, true);
}

void repeat_norm(const LayerContext& context, const std::string& label, StepList& list) {
  StepList again;
  norm_forward(context, label, again);
  list.append(again, true);
}

void projections_backward(const LayerContext& context, const LayerRecompute& again, StepList& list) {
  const auto input = [&] {
    if (again.norms) repeat_norm(context, "norm 1", list);
  };
  if (context.model().mla) {
    input();
    return latent_projections_backward(context, list);
  }
  rope_both(context, "rope backward", list);
  head_norms(context, list, true);
  input();
  column_parallel_backward(context.shape, context.stack(), qkv_linear(context), list);
}

void feed_forward_backward(const LayerContext& context, const LayerRecompute& again, StepList& list) {
  if (context.experts) {
    if (again.experts) repeat(context, list, feed_forward);
    if (again.norms) repeat_norm(context, "norm 2", list);
    return experts_backward(context, again.expert_activation, list);
  }
  if (again.mlp) repeat(context, list, feed_forward);
  const Mlp mlp = dense_mlp(context);
  const Linear fc1 = fc1_linear(context, mlp);
  row_parallel_backward(context.shape, context.stack(), fc2_linear(context, mlp), list);
  activation_backward(context, fc1, context.shape.tokens, list);
  if (again.norms) repeat_norm(context, "norm 2", list);
  column_parallel_backward(context.shape, context.stack(), fc1, list);
}

}  // namespace

void layer_backward(const LayerContext& context, const LayerRecompute& again, StepList& list) {
  if (again.everything) repeat(context, list, layer_forward);
  if (again.every_second_product) repeat(context, list, every_second_product);
  residual_backward(context, "residual 2", list);
  feed_forward_backward(context, again, list);
  norm_backward(context, "norm 2", list);
  join_residual_gradient(context, "norm 2", list);

  residual_backward(context, "residual 1", list);
  if (again.attention) repeat(context, list, attention_forward);
  row_parallel_backward(context.shape, context.stack(), projection_linear(context), list);
  if (context.model().mla && again.up_projections) repeat(context, list, latent_up_projections);
  if (again.core) repeat(context, list, attention_core_forward);
  attention_core_backward(context, list);
  projections_backward(context, again, list);
  norm_backward(context, "norm 1", list);
  join_residual_gradient(context, "norm 1", list);
}

}  // namespace orrery::models
