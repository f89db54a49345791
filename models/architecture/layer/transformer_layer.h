#pragma once

#include "models/architecture/recompute.h"
#include "models/architecture/step_list.h"
#include "models/layout/context_split.h"

namespace orrery::models {

// The parts of a pre-norm transformer layer on one rank. Internal to this room.
struct LayerContext {
  const Scenario& scenario;
  RankShape shape;
  ContextSplit split;
  int context_rank = 0;
  int layer = 0;
  bool experts = false;  // in place of the MLP
  int expert_rank = 0;   // place in the expert-parallel group
  bool halves = true;    // the backward's, each by itself, are asked for

  const ModelSpec& model() const { return scenario.model; }
  const Stack& stack() const { return scenario.software; }
  bool dropout() const { return scenario.training.dropout > 0; }
  bool flash() const { return scenario.training.attention == AttentionKind::flash; }
};
// `degree`: of tensor parallelism.
LayerContext layer_context(const Scenario& scenario, int degree, int context_rank = 0);

Linear qkv_linear(const LayerContext& context);
Linear projection_linear(const LayerContext& context);

// Norm of the residual stream, or of a tensor that takes `pass` bytes.
void norm_forward(const LayerContext& context, const std::string& label, StepList& list);
void norm_backward(const LayerContext& context, const std::string& label, StepList& list);
void norm_forward(const LayerContext& context, const std::string& label, Bytes pass, StepList& list);
void norm_backward(const LayerContext& context, const std::string& label, Bytes pass, StepList& list);

// Megatron-LM adds the bias of a column-parallel layer in a kernel of its own,
// unless the activation behind it takes it along.
void add_bias(const RankShape& shape, const Linear& linear, std::int64_t rows, StepList& list);
// Rotary embedding of `width` columns of queries and keys.
void rope(const LayerContext& context, std::int64_t width, const std::string& label, StepList& list);

void rope_both(const LayerContext& context, const std::string& label, StepList& list);
// Bias, dropout and the sum with the residual stream.
void residual_forward(const LayerContext& context, const std::string& label, bool bias, StepList& list);

// Query-key products, softmax, product with the values.
void attention_core_forward(const LayerContext& context, StepList& list);
void attention_core_backward(const LayerContext& context, StepList& list);

// From the first norm's output to the residual stream, and from the second's.
void attention_forward(const LayerContext& context, StepList& list);
void feed_forward(const LayerContext& context, StepList& list);

void layer_forward(const LayerContext& context, StepList& list);
// With what is recomputed, where its gradient begins.
void layer_backward(const LayerContext& context, const LayerRecompute& again, StepList& list);

}  // namespace orrery::models
