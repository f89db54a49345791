#pragma once

#include "models/architecture/transformer_layer.h"

namespace orrery::models {

// The two ends of the model on one rank: the vocabulary-parallel embedding, and
// the last norm with the output layer and the loss. Internal to this room.
PieceWork embedding_work(const LayerContext& context);
PieceWork head_work(const LayerContext& context);

// A piece whose lists are done except for the backward's two halves.
void set_backward(const StepList& backward, PieceWork& work);

}  // namespace orrery::models
