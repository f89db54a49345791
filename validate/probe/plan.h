#pragma once

#include <vector>

#include "topology/hardware.h"
#include "validate/probe/family/asked_transfers.h"
#include "validate/probe/family/sequences.h"
#include "validate/probe/session/block.h"

namespace orrery::validate {

// What of the programs at hand a calibration measures.
struct Wanted {
  bool exactly = false;                   // these kernels and no others: no spread, peaks or copies
  std::vector<models::Kernel> kernels;    // exactly, products in all three roles
  std::vector<KernelSequence> sequences;  // as checks
  std::vector<AskedTransfer> transfers;   // before a spread of sizes
};

inline constexpr double kLongestCalibration = 600;  // seconds

// What a calibration of `gpu` measures: what is wanted, and a spread for all other
// kernels. Every kernel stands in one block. Budgets add up to less than 10 minutes, or
// to `share` of that.
std::vector<Block> calibration_plan(const topology::GpuSpec& gpu, const Wanted& wanted, std::uint64_t seed,
                                    double share = 1);

}  // namespace orrery::validate
