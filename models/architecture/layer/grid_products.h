#pragma once

#include "models/architecture/layer/transformer_layer.h"
#include "models/architecture/step_list.h"

namespace orrery::models {

// Linear layers whose matrices are split in two or three dimensions
// (models/layout/tensor_grid.h). Internal to this room.
//
// Square and tesseract: a rank has a block of each of Y = X W. Forward, blocks of X
// come along rows and blocks of W along columns, one of the `side` products after
// the other, the next blocks under the product at hand. Backward, dX = dY W' sends W
// along columns and sums dX along rows; dW = X' dY sends X along rows and sums dW along columns.
//
// Cube: X is gathered along one direction and W along rows; the one product of the
// two is summed and cut along the third direction; the next layer goes the other
// way. Backward the same with dY gathered, dX and dW cut; X and W were kept gathered.
//
// Linear's widths are those of a block (cube: of a gathered weight).

// Which way a cube's layer goes: `out` gathers along columns and cuts along levels, `back` the reverse.
enum class GridTurn : bool { out, back };

void grid_forward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list);
void grid_backward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list);

// The output layer, whose weight is the transposed embedding: logits = X E'. Squares send E and sum logits.
void grid_logits_forward(const RankShape& shape, const Linear& linear, StepList& list);
void grid_logits_backward(const RankShape& shape, const Linear& linear, StepList& list);

// A norm's sums over the hidden vector, of which a rank has a part, and its scale,
// which ranks hold in parts (square) or whole (cube).
void grid_norm_forward(const LayerContext& context, const std::string& label, StepList& list);
void grid_norm_backward(const LayerContext& context, const std::string& label, StepList& list);

// The embedding: each rank looks up its part of the vocabulary for all tokens of its column.
void grid_embedding_forward(const RankShape& shape, StepList& list);
void grid_embedding_backward(const RankShape& shape, StepList& list);

// One fp32 number a token over the ranks' parts of the vocabulary.
LayerGroup grid_vocabulary_group(const TensorGrid& grid);

// Of a linear layer: elements of its weight that a rank stores, of its input that it
// keeps for the weight gradient, of its weight that it keeps besides, and the bytes
// that its products need while they run.
std::int64_t grid_stored_weight(const TensorGrid& grid, const Linear& linear);
std::int64_t grid_kept_input(const TensorGrid& grid, std::int64_t elements);
std::int64_t grid_kept_weight(const TensorGrid& grid, const Linear& linear);
Bytes grid_workspace(const RankShape& shape, const Linear& linear);

}  // namespace orrery::models
