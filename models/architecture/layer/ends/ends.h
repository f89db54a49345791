#pragma once

#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// The two ends of the model on one rank: the vocabulary-parallel embedding, and the
// last norm with the output layer, and the loss of its logits. Internal to this room.
PieceWork embedding_work(const LayerContext& context);
PieceWork head_work(const LayerContext& context);
PieceWork loss_work(const LayerContext& context);
// Both in one, where the stack finds the loss chunk by chunk and the vocabulary is whole.
bool has_chunked_head(const LayerContext& context);
PieceWork chunked_head_work(const LayerContext& context);

// A multi-token-prediction module (DeepSeek-V3, arXiv:2412.19437, section 2.2): the
// embedding of the next token and the hidden state, normed, are projected to one;
// a layer like the model's last and the model's own head follow.
PieceWork mtp_work(const LayerContext& context, const LayerRecompute& again);

// Steps of the ends, for those who have ends of their own.
void embedding_forward(const LayerContext& context, StepList& list);
void embedding_backward(const LayerContext& context, StepList& list);
PieceWork layer_work(const LayerContext& context, const LayerRecompute& again);

// A piece whose lists are done except for the backward and, where they are asked for, its two halves.
void set_backward(const LayerContext& context, StepList backward, PieceWork& work);

}  // namespace orrery::models
