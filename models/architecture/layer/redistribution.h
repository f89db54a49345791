#pragma once

#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// Between neighbours of different tensor-parallel degrees activations change hands: at the
// larger degree all ranks have all samples, at the smaller one sets of ranks have different
// samples. Fewer are taken by cutting, more by gathering from those that have them; a sequence
// that is split is gathered before and cut again behind (Galvatron's fused split and all-gather).
// The gradient goes the same way back. Internal to this room.

// Puts before the piece's forward, and behind its backward, what it takes to have its
// input from a piece of degree `before`; nothing if that is its own.
void take_input_from(const LayerContext& context, int before, PieceWork& work);

}  // namespace orrery::models
