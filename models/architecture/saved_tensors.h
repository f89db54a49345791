#pragma once

#include <vector>

#include "models/architecture/layer/transformer_layer.h"
#include "models/architecture/recompute.h"

namespace orrery::models {

// Memory of a transformer layer's activations on one rank. Internal to this room.

// What its forward keeps for its backward, beside what is recomputed.
std::vector<SavedTensor> layer_saved(const LayerContext& context, const LayerRecompute& again);
// Tensors that are not kept, and there again while the backward needs them. Scores
// of a core count among its workspaces.
Bytes layer_dropped(const LayerContext& context, const LayerRecompute& again);
Bytes total(const std::vector<SavedTensor>& tensors);

// What a column-parallel input or a row-parallel gradient is gathered into, if not into a buffer that stays.
Bytes new_gathered(const LayerContext& context);

// Weights of a layer on one rank, experts as one; not the router's, which is small.
std::vector<Linear> layer_linears(const LayerContext& context);

// The largest extra memory while the layer's steps run.
Bytes layer_forward_transient(const LayerContext& context, const LayerRecompute& again);
Bytes layer_backward_transient(const LayerContext& context, const LayerRecompute& again);

}  // namespace orrery::models
