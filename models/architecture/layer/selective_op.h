#pragma once

#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// TorchTitan's selective checkpointing by operators (distributed/activation_checkpoint.py). Kept are outputs of every
// second product, counted in the forward's order, of the attention core, of sums over tp, and of exchanges among
// experts. Products are query, key, value (of latent attention: query down and up, key and value down and up), output,
// then gate, up, down of a dense MLP or of the shared experts. Repeated is the rest: other products, the router's among
// them, which does not count, and the grouped products of experts. Nothing reads the layer's last product again, unless
// dropout comes behind it. Internal to this room.
void every_second_product(const LayerContext& context, StepList& list);
std::vector<SavedTensor> every_second_saved(const LayerContext& context);

}  // namespace orrery::models
