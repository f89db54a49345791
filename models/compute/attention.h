#pragma once

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::models {

// Blocks of 128 queries x 128 keys that one head of one sequence visits: on and
// under the diagonal when causal (queries are the last `queries` of the `keys`),
// and no further back than the window.
double visited_blocks(const AttentionShape& shape);

// Forward: blocks over an efficiency looked up by length, stretched when there
// are fewer tiles than SMs; or the time to move the operands, if that is longer.
// Backward: that times the GPU's measured ratio. Seconds; zero for no work.
double attention_seconds(const AttentionShape& shape, const topology::GpuSpec& gpu, double slowdown);

}  // namespace orrery::models
