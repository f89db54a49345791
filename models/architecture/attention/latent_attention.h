#pragma once

#include <vector>

#include "models/architecture/layer/every_second.h"
#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): queries, and keys
// with values, come out of narrow latent vectors. As Megatron-Core does it: the
// down-projections and the norms of the latents are whole on every tp rank and
// work on its own tokens, the up-projections are split by heads. Internal to
// this room.

// From the layer's normed input to queries, keys and values; and back.
void latent_projections_forward(const LayerContext& context, StepList& list);
void latent_projections_backward(const LayerContext& context, StepList& list);
// From the latents, as the down-projections left them, to the same once more.
void latent_up_projections(const LayerContext& context, StepList& list);

// Of the same, what selective-op repeats, and what it keeps in its stead: outputs of products.
void latent_every_second(const LayerContext& context, EverySecond& products, StepList& list);
void latent_every_second_saved(const LayerContext& context, EverySecond& products, std::vector<SavedTensor>& tensors);

// The weights that are multiplied, in the order of the forward pass.
std::vector<Linear> latent_linears(const LayerContext& context);

// Of the projections' own, besides the input and the queries, keys and values. `up_again`: the
// up-projections are computed again, from the latents before their norms.
std::vector<SavedTensor> latent_saved(const LayerContext& context, bool up_again);

}  // namespace orrery::models
