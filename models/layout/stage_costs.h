#pragma once

#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Transformer layers of every stage where a stack deals by cost (Stack::stages_by_cost; nanotron's build_model and
// get_block_compute_costs): the layers and behind them the output layer, each as heavy as the weights that a token
// meets there, go to stages in order, and a stage is full with the piece that brings the sum above its share of all.
// So first stages have more than an even part, and a last one may have none.
std::vector<int> layers_by_cost(const ModelSpec& model, int stages);

}  // namespace orrery::models
