#pragma once

#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// What of a layer is computed a second time for its backward pass.
struct LayerRecompute {
  bool everything = false;            // from the layer's input on
  bool core = false;                  // queries, keys and values to their weighted sum
  bool attention = false;             // from the first norm's output to the projection's
  bool mlp = false;                   // from the second norm's output on, in layers without experts
  bool experts = false;               // the same in layers with experts
  bool norms = false;                 // both norms' outputs
  bool up_projections = false;        // of latent attention: from the latents to queries, keys and values
  bool expert_activation = false;     // what experts (shared ones too) feed their second product
  bool every_second_product = false;  // TorchTitan's selective-op: that, and whatever is no product and no core

  bool any() const { return *this != LayerRecompute{}; }
  bool operator==(const LayerRecompute&) const = default;
};

// `layer_in_rank` counts from 0 on a pipeline rank over its chunks. A flash core
// keeps no scores, so `selective` has nothing to bring back and repeats nothing.
LayerRecompute layer_recompute(const TrainingSpec& training, int layer_in_rank);

// The same for every layer of the model, by global index.
std::vector<LayerRecompute> recompute_of_layers(const Scenario& scenario);

}  // namespace orrery::models
