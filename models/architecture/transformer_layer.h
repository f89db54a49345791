#pragma once

#include "models/architecture/step_list.h"

namespace orrery::models {

// The parts of a pre-norm transformer layer on one rank. Internal to this room.
struct LayerContext {
  const Scenario& scenario;
  RankShape shape;

  const ModelSpec& model() const { return scenario.model; }
  const Stack& stack() const { return scenario.software; }
  bool dropout() const { return scenario.training.dropout > 0; }
  bool flash() const { return scenario.training.attention == AttentionKind::flash; }
};
LayerContext layer_context(const Scenario& scenario);

Linear qkv_linear(const LayerContext& context);
Linear projection_linear(const LayerContext& context);
Linear fc1_linear(const LayerContext& context);
Linear fc2_linear(const LayerContext& context);

void norm_forward(const LayerContext& context, const std::string& label, StepList& list);
void norm_backward(const LayerContext& context, const std::string& label, StepList& list);

// Query-key products, softmax, product with the values.
void attention_core_forward(const LayerContext& context, StepList& list);
void attention_core_backward(const LayerContext& context, StepList& list);

void layer_forward(const LayerContext& context, StepList& list);
// `core_again`: the attention core is recomputed where its gradient begins.
void layer_backward(const LayerContext& context, bool core_again, StepList& list);

}  // namespace orrery::models
