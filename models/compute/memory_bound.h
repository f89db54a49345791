#pragma once

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::models {

// t0 + bytes / (efficiency W) with the family's curve, or the GPU's "default".
// Seconds; zero for no bytes.
double memory_bound_seconds(const MemoryBoundShape& shape, const topology::GpuSpec& gpu);

}  // namespace orrery::models
