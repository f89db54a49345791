#pragma once

#include "models/scenario/scenario.h"

namespace orrery::models {

// FLOPs of one step over the whole cluster in the conventions of the contract
// (docs/scenario.md, Result).
struct StepFlops {
  Flops model_full, model_causal, megatron_2021, palm;
  Flops hardware;  // model_causal + what is recomputed
};
StepFlops step_flops(const Scenario& scenario);

}  // namespace orrery::models
