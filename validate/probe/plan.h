#pragma once

#include <vector>

#include "topology/hardware.h"
#include "validate/probe/block.h"

namespace orrery::validate {

// What a calibration of `gpu` measures: `wanted`, the exact kernels of the plans at
// hand (products in all three roles), and a spread for all others. Every kernel stands in
// one block. Budgets add up to less than 10 minutes.
std::vector<Block> calibration_plan(const topology::GpuSpec& gpu, const std::vector<models::Kernel>& wanted,
                                    std::uint64_t seed);

}  // namespace orrery::validate
