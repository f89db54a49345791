#pragma once

#include "models/architecture/layer/transformer_layer.h"

namespace orrery::models {

// A feed-forward block whose weights are split over tp. Internal to this room.
struct Mlp {
  std::string name;      // before the names of its parts: "" or "shared "
  std::int64_t ffn = 0;  // columns of fc2's input on this rank
};
Mlp dense_mlp(const LayerContext& context);

// Columns of fc1's output: those of fc2's input, twice when gated.
std::int64_t fc1_width(const ModelSpec& model, std::int64_t ffn);
Linear fc1_linear(const LayerContext& context, const Mlp& mlp);
Linear fc2_linear(const LayerContext& context, const Mlp& mlp);

void mlp_forward(const LayerContext& context, const Mlp& mlp, StepList& list);
// `activates_again`: fc2's input was not kept.
void mlp_backward(const LayerContext& context, const Mlp& mlp, bool activates_again, StepList& list);

// What stands between fc1 and fc2, on `rows` rows; fc1's bias is added here.
void activation_forward(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list);
void activation_backward(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list);
void activation_again(const LayerContext& context, const Linear& fc1, std::int64_t rows, StepList& list);

// What the activation's backward reads.
Bytes stored_activation_input(const LayerContext& context, std::int64_t elements);

}  // namespace orrery::models
