#pragma once

#include <cstdint>
#include <vector>

#include "models/architecture/operators.h"

namespace orrery::models {

// One parameter tensor of a rank, before data-parallel sharding.
struct Weight {
  std::int64_t elements = 0;
  bool expert = false;
};

// A piece's parameters on one rank, tensor by tensor, in the order in which its modules make them. What is
// small (norms, biases, routers) stands as one tensor before the matrices. They add up to piece_parameters.
std::vector<Weight> piece_weights(const Scenario& scenario, PieceKind kind, int layer);

}  // namespace orrery::models
