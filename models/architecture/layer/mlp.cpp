#include "models/architecture/layer/mlp.h"

namespace orrery::models {
namespace {

// "activation" of fc1, "shared activation" of shared fc1.
std::string beside(const Linear& fc1, const std::string& label) {
  return fc1.name.substr(0, fc1.name.size() - 3) + label;
}

Bytes inner_pass(const LayerContext& context, const Linear& fc1, std::int64_t rows) {
  return context.shape.activation(rows, context.model().gated() ? fc1.out / 2 : fc1.out);
}

}  // namespace

Mlp dense_mlp(const LayerContext& context) {
  return {"", context.shape.ffn};
}

std::int64_t fc1_width(const ModelSpec& model, std::int64_t ffn) {
  return model.gated() ? 2 * ffn : ffn;
}

Linear fc1_linear(const LayerContext& context, const Mlp& mlp) {
  const RankShape& shape = context.shape;
  return {mlp.name + "fc1", shape.hidden, fc1_width(context.model(), mlp.ffn), context.model().bias, shape.linear_type};
}

Linear fc2_linear(const LayerContext& context, const Mlp& mlp) {
  const RankShape& shape = context.shape;
  return {mlp.name + "fc2", mlp.ffn, shape.hidden, context.model().bias, shape.linear_type};
}

void activation_forward(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list) {
  const Bytes pass = inner_pass(context, fc1, rows);
  const bool fused = context.stack().fused_bias_activation;
  if (!fused) add_bias(context.shape, fc1, rows, list);
  if (!context.model().gated()) {
    list.add(memory_step(beside(fc1, "activation"), "gelu", pass * 2));
  } else if (fused) {
    list.add(memory_step(beside(fc1, "activation"), "gated_activation", pass * 3));
  } else {
    list.add(memory_step(beside(fc1, "activation"), "gelu", pass * 2));
    list.add(memory_step(beside(fc1, "gate"), "gated_activation", pass * 3));
  }
}

void activation_backward(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list) {
  const Bytes pass = inner_pass(context, fc1, rows);
  if (!context.model().gated()) {
    list.add(memory_step(beside(fc1, "activation backward"), "gelu", pass * 3));
  } else if (context.stack().fused_bias_activation) {
    list.add(memory_step(beside(fc1, "activation backward"), "gated_activation", pass * 5));
  } else {
    list.add(memory_step(beside(fc1, "gate backward"), "gated_activation", pass * 5));
    list.add(memory_step(beside(fc1, "activation backward"), "gelu", pass * 3));
  }
}

void mlp_forward(const LayerContext& context, const Mlp& mlp, StepList& list) {
  const RankShape& shape = context.shape;
  const Linear fc1 = fc1_linear(context, mlp);
  column_parallel_forward(shape, fc1, list);
  activation_forward(context, fc1, shape.tokens, list);
  row_parallel_forward(shape, fc2_linear(context, mlp), list);
}

void activation_again(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list) {
  StepList again;
  activation_forward(context, fc1, rows, again);
  list.append(again, true);
}

Bytes stored_activation_input(const LayerContext& context, std::int64_t elements) {
  const bool narrow = context.stack().fp8_activation_inputs && context.shape.linear_type != context.shape.general_type;
  return narrow ? stored_gemm_input(Precision::fp8_blockwise, elements) : context.shape.activation(elements, 1);
}

void mlp_backward(const LayerContext& context, const Mlp& mlp, bool activates_again, StepList& list) {
  const RankShape& shape = context.shape;
  const Linear fc1 = fc1_linear(context, mlp);
  if (activates_again) activation_again(context, fc1, shape.tokens, list);
  row_parallel_backward(shape, context.stack(), fc2_linear(context, mlp), list);
  activation_backward(context, fc1, shape.tokens, list);
  column_parallel_backward(shape, context.stack(), fc1, list);
}

}  // namespace orrery::models
