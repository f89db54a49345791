#include "models/architecture/transformer_layer.h"

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

// Megatron-LM adds the bias of a column-parallel layer in a kernel of its own,
// unless the activation behind it takes it along.
void add_bias(const RankShape& shape, const Linear& linear, StepList& list) {
  if (linear.bias)
    list.add(memory_step(linear.name + " bias", "residual_add", shape.activation(shape.tokens, 2 * linear.out)));
}

void activation_backward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes pass = shape.activation(shape.tokens, shape.ffn);
  if (!context.model().gated()) {
    list.add(memory_step("activation backward", "gelu", pass * 3));
  } else if (context.stack().fused_bias_activation) {
    list.add(memory_step("activation backward", "gated_activation", pass * 5));
  } else {
    list.add(memory_step("gate backward", "gated_activation", pass * 5));
    list.add(memory_step("activation backward", "gelu", pass * 3));
  }
}

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

LayerContext layer_context(const Scenario& scenario, int context_rank) {
  return {scenario, rank_shape(scenario), context_split(scenario.layout), context_rank};
}

Linear qkv_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const ModelSpec& model = context.model();
  return {"qkv", shape.hidden, shape.qkv(), model.bias || model.qkv_bias, shape.linear_type};
}

Linear projection_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"proj", shape.query, shape.hidden, context.model().bias, shape.linear_type};
}

Linear fc1_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"fc1", shape.hidden, shape.fc1, context.model().bias, shape.linear_type};
}

Linear fc2_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"fc2", shape.ffn, shape.hidden, context.model().bias, shape.linear_type};
}

// Rotary embedding of queries and keys. Unfused, it is rotate-half, two products
// and a sum: nine passes over the tensor in place of two.
void rope(const LayerContext& context, StepList& list, const std::string& label) {
  if (context.model().positions != Positions::rope) return;
  const RankShape& shape = context.shape;
  const Bytes pass = shape.activation(shape.tokens, shape.query + shape.key);
  list.add(memory_step(label, "rope", pass * (context.stack().fused_rope ? 2 : 9)));
}

void activation_forward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes pass = shape.activation(shape.tokens, shape.ffn);
  const bool fused = context.stack().fused_bias_activation;
  if (!fused) add_bias(shape, fc1_linear(context), list);
  if (!context.model().gated()) {
    list.add(memory_step("activation", "gelu", pass * 2));
  } else if (fused) {
    list.add(memory_step("activation", "gated_activation", pass * 3));
  } else {
    list.add(memory_step("activation", "gelu", pass * 2));
    list.add(memory_step("gate", "gated_activation", pass * 3));
  }
}

void norm_forward(const LayerContext& context, const std::string& label, StepList& list) {
  const Bytes pass = context.shape.shard_hidden();
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
void norm_backward(const LayerContext& context, const std::string& label, StepList& list) {
  const Bytes pass = context.shape.shard_hidden();
  if (!context.stack().fused_norm) list.add(memory_step(label + " scale backward", "default", pass * 2));
  list.add(memory_step(label + " backward", norm_family(context.model()) + "_backward", pass * 3));
}

void attention_forward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  column_parallel_forward(shape, qkv_linear(context), list);
  add_bias(shape, qkv_linear(context), list);
  head_norms(context, list, false);
  rope(context, list, "rope");
  attention_core_forward(context, list);
  row_parallel_forward(shape, projection_linear(context), list);
}

void mlp_forward(const LayerContext& context, StepList& list) {
  column_parallel_forward(context.shape, fc1_linear(context), list);
  activation_forward(context, list);
  row_parallel_forward(context.shape, fc2_linear(context), list);
}

void layer_forward(const LayerContext& context, StepList& list) {
  norm_forward(context, "norm 1", list);
  attention_forward(context, list);
  residual_forward(context, "residual 1", context.model().bias, list);

  norm_forward(context, "norm 2", list);
  mlp_forward(context, list);
  residual_forward(context, "residual 2", context.model().bias, list);
}

void every_second_product(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  norm_forward(context, "norm 1", list);
  Linear key = qkv_linear(context);
  key.name = "key";
  key.out = shape.key;
  column_parallel_forward(shape, key, list);
  rope(context, list, "rope");
  list.add(linear_step(shape, projection_linear(context)));  // its sum over ranks was kept
  residual_forward(context, "residual 1", context.model().bias, list);
  norm_forward(context, "norm 2", list);
  if (context.model().gated()) {
    Linear up = fc1_linear(context);
    up.name = "up";
    up.out = shape.ffn;
    column_parallel_forward(shape, up, list);
  }
  activation_forward(context, list);
  if (!context.model().gated()) list.add(linear_step(shape, fc2_linear(context)));
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

}  // namespace

void layer_backward(const LayerContext& context, const LayerRecompute& again, StepList& list) {
  const RankShape& shape = context.shape;
  const Stack& stack = context.stack();
  if (again.everything) repeat(context, list, layer_forward);
  if (again.every_second_product) repeat(context, list, every_second_product);
  residual_backward(context, "residual 2", list);
  if (again.mlp) repeat(context, list, mlp_forward);
  row_parallel_backward(shape, stack, fc2_linear(context), list);
  activation_backward(context, list);
  if (again.norms) repeat_norm(context, "norm 2", list);
  column_parallel_backward(shape, stack, fc1_linear(context), list);
  norm_backward(context, "norm 2", list);
  join_residual_gradient(context, "norm 2", list);

  residual_backward(context, "residual 1", list);
  if (again.attention) repeat(context, list, attention_forward);
  row_parallel_backward(shape, stack, projection_linear(context), list);
  if (again.core) repeat(context, list, attention_core_forward);
  attention_core_backward(context, list);
  rope(context, list, "rope backward");
  head_norms(context, list, true);
  if (again.norms) repeat_norm(context, "norm 1", list);
  column_parallel_backward(shape, stack, qkv_linear(context), list);
  norm_backward(context, "norm 1", list);
  join_residual_gradient(context, "norm 1", list);
}

}  // namespace orrery::models
