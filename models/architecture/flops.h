#pragma once

#include <cstdint>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Forward pass of one sequence, multiply and add counted as two. The core counts
// the whole square of queries and keys, masked or not.
struct ForwardFlops {
  double linear = 0;     // projections, MLPs, the experts that a token meets; no router
  double attention = 0;  // query-key and attention-value products
  double head = 0;       // logits

  double full() const { return linear + attention + head; }
  double causal() const { return linear + attention / 2 + head; }
};
ForwardFlops forward_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t vocab);
ForwardFlops layer_forward_flops(const ModelSpec& model, std::int64_t sequence, int layer);

// 96 B s L h^2 (1 + s/6h + V/16Lh): a GPT with a 4h MLP, full recomputation and
// full attention, whatever the model is (arXiv:2104.04473, section 5.1).
Flops megatron_2021_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t sequences, std::int64_t vocab);

// 6N + 12 L H Q T a token, N all parameters, of experts those that a token meets
// (arXiv:2204.02311, appendix B).
Flops palm_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t sequences);

// FLOPs of one step over the whole cluster in the conventions of the contract
// (docs/scenario.md, Result).
struct StepFlops {
  Flops model_full, model_causal, megatron_2021, palm;
  Flops hardware;  // model_causal + what is recomputed, counted alike
};
StepFlops step_flops(const Scenario& scenario);

}  // namespace orrery::models
