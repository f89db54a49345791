#pragma once

#include <cstdint>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Bytes that one rank holds all the time for its parameters (reference:
// docs/memory.md). `dense` and `experts` are parameter counts on this rank
// before data-parallel sharding.
struct StateBytes {
  Bytes parameters, gradients, optimizer;
  Bytes total() const { return parameters + gradients + optimizer; }
};
StateBytes state_bytes(const Scenario& scenario, std::int64_t dense, std::int64_t experts);

}  // namespace orrery::models
