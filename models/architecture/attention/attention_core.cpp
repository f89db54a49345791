#include "models/architecture/attention/context_attention.h"
#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {
namespace {

// Score matrices of this rank: [batch * heads, sequence, sequence].
std::int64_t score_elements(const RankShape& shape) {
  return shape.batch * shape.heads * shape.sequence * shape.sequence;
}

enum class Product { scores, values };  // [s,dim]x[dim,s] or [s,s]x[s,dim]

LayerStep core_gemm(const RankShape& shape, std::string label, Product product, std::int64_t dim, GemmRole role) {
  const std::int64_t matrices = shape.batch * shape.heads;
  const bool scores = product == Product::scores;
  return gemm_step(std::move(label), {matrices, shape.sequence, scores ? shape.sequence : dim,
                                      scores ? dim : shape.sequence, shape.general_type, role, false});
}

// The mask is one byte for every score, dropout's and causality's alike.
void softmax_forward(const LayerContext& context, StepList& list) {
  const std::int64_t scores = score_elements(context.shape);
  const std::int64_t pass = 2 * context.shape.element;  // read and written
  if (context.stack().fused_softmax) {
    list.add(memory_step("softmax", "softmax", {scores * pass}));
    return;
  }
  list.add(memory_step("scale scores", "default", {scores * pass}));
  list.add(memory_step("mask scores", "default", {scores * pass}));
  list.add(memory_step("softmax", "softmax", {scores * pass}));
}

void softmax_backward(const LayerContext& context, StepList& list) {
  const std::int64_t scores = score_elements(context.shape);
  const std::int64_t element = context.shape.element;
  list.add(memory_step("softmax backward", "softmax", {scores * 3 * element}));
  if (context.stack().fused_softmax) return;
  list.add(memory_step("mask backward", "default", {scores * 2 * element}));
  list.add(memory_step("scale backward", "default", {scores * 2 * element}));
}

// A grouped-query model without a fused kernel copies keys and values out to every query head.
void expand_keys(const LayerContext& context, StepList& list, const std::string& label) {
  const RankShape& shape = context.shape;
  if (shape.kv_heads < shape.heads)
    list.add(memory_step(label, "default", shape.activation(shape.tokens, 2 * (shape.key + shape.query))));
}

void score_dropout(const LayerContext& context, StepList& list, const std::string& label) {
  if (!context.dropout()) return;
  const std::int64_t scores = score_elements(context.shape);
  list.add(memory_step(label, "dropout", {scores * (2 * context.shape.element + 1)}));
}

}  // namespace

void attention_core_forward(const LayerContext& context, StepList& list) {
  if (context.flash()) {
    flash_forward(context, list);
    return;
  }
  expand_keys(context, list, "expand keys and values");
  list.add(core_gemm(context.shape, "QK^T", Product::scores, context.shape.head_dim, GemmRole::forward));
  softmax_forward(context, list);
  score_dropout(context, list, "attention dropout");
  list.add(core_gemm(context.shape, "PV", Product::values, context.shape.value_dim, GemmRole::forward));
}

void attention_core_backward(const LayerContext& context, StepList& list) {
  if (context.flash()) {
    flash_backward(context, list);
    return;
  }
  const RankShape& shape = context.shape;
  list.add(core_gemm(shape, "PV dgrad of scores", Product::scores, shape.value_dim, GemmRole::data_gradient));
  list.add(core_gemm(shape, "PV dgrad of values", Product::values, shape.value_dim, GemmRole::data_gradient));
  score_dropout(context, list, "attention dropout backward");
  softmax_backward(context, list);
  list.add(core_gemm(shape, "QK^T dgrad of queries", Product::values, shape.head_dim, GemmRole::data_gradient));
  list.add(core_gemm(shape, "QK^T dgrad of keys", Product::values, shape.head_dim, GemmRole::data_gradient));
  expand_keys(context, list, "reduce gradients of keys and values");
}

}  // namespace orrery::models
