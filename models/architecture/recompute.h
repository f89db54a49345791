#pragma once

#include "models/scenario/scenario.h"

namespace orrery::models {

// What of a layer is computed a second time for its backward pass.
enum class LayerRecompute { nothing, attention_core, everything };

// `layer_in_rank` counts from 0 on a pipeline rank over its chunks. A flash core
// keeps no scores, so `selective` has nothing to bring back and repeats nothing.
LayerRecompute layer_recompute(const TrainingSpec& training, int layer_in_rank);

// Layers of the whole model of which `what` is recomputed.
int layers_recomputing(const Scenario& scenario, LayerRecompute what);

}  // namespace orrery::models
