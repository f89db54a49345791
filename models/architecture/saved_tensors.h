#pragma once

#include <vector>

#include "models/architecture/recompute.h"
#include "models/architecture/transformer_layer.h"

namespace orrery::models {

// Memory of a transformer layer's activations on one rank. Internal to this room.

// What its forward keeps for its backward when nothing is recomputed; without
// the scores when the attention core is.
std::vector<SavedTensor> layer_saved(const LayerContext& context, bool core_again);
Bytes total(const std::vector<SavedTensor>& tensors);

// The largest extra memory while the layer's steps run.
Bytes layer_forward_transient(const LayerContext& context, LayerRecompute recompute);
Bytes layer_backward_transient(const LayerContext& context, bool core_again);

}  // namespace orrery::models
