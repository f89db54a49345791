#pragma once

#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// What of a layer is computed a second time for its backward pass.
enum class LayerRecompute { nothing, attention_core, everything };

// `layer_in_rank` counts from 0 on a pipeline rank over its chunks. A flash core
// keeps no scores, so `selective` has nothing to bring back and repeats nothing.
LayerRecompute layer_recompute(const TrainingSpec& training, int layer_in_rank);

// The same for every layer of the model, by global index.
std::vector<LayerRecompute> recompute_of_layers(const Scenario& scenario);

}  // namespace orrery::models
