#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/compute/calibration/calibration.h"
#include "validate/probe/session/bench.h"

namespace orrery::validate {

// What of a calibration is measured in one go, within `budget` seconds, and kept on
// disk when it is done. `digest` tells what it will time: another list is another block.
struct Block {
  std::string name;
  double budget = 0;
  std::uint64_t digest = 0;
  std::vector<models::Kernel> kernels;  // that it launches, as far as the device can
  // Only what it measured, within so many seconds.
  std::function<models::Calibration(Bench&, double)> measure;
};

}  // namespace orrery::validate
