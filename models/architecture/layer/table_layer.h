#pragma once

#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// A layer of a table (ModelSpec::table): the product of its weights, taken as a square matrix, with as many rows
// as each weight is used (operations over twice the parameters; the positions of a convolution, one of a
// fully connected layer), and a pass over its output. A layer without weights only moves bytes. Over tensor-parallel
// ranks it is split as its row says (TableInput, TableOutput).
// Internal to this room.
PieceWork table_work(const LayerContext& context, bool recomputed);

}  // namespace orrery::models
