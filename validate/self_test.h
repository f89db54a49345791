#pragma once

#include <string>
#include <vector>

#include "sim/base/result.h"

namespace orrery::validate {

struct SelfTestLine {
  std::string what, result;
  bool passed = true;
};

// On one GPU: products in every role, attention forward and backward, and sums between
// ranks against double precision on random data; then what share of a copy's bandwidth
// each memory-bound kernel reaches (told, not judged). An error without a GPU.
Result<std::vector<SelfTestLine>> self_test(int gpu);

}  // namespace orrery::validate
