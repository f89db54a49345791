#pragma once

#include <string>
#include <vector>

#include "models/compile/compile.h"

namespace orrery::validate {

// Kernels that a program runs one after the other.
struct KernelSequence {
  std::string name;
  std::vector<models::Kernel> kernels;
};

// The first action of each letter (F, B, I, W) in the first rank's main stream: all its
// layers forward, all its layers backward… Kept out of every fit, they are what a
// calibration is judged by.
std::vector<KernelSequence> schedule_actions(const std::string& name, const models::Compiled& compiled);

}  // namespace orrery::validate
