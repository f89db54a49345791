#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/result.h"

namespace orrery::validate {

struct SelfTestLine {
  std::string what, result;
  bool passed = true;
};

// Of kernels that are right: measured, or each of them only run on a little memory, as
// tools that watch every access want it.
enum class Speeds : std::uint8_t { tell, skip };

// On one GPU: products in every role, attention forward and backward, and sums between
// ranks against double precision on random data; then the rate of large products and of
// attention, and what share of a copy's bandwidth each memory-bound kernel reaches (told,
// not judged). An error without a GPU.
Result<std::vector<SelfTestLine>> self_test(int gpu, Speeds speeds = Speeds::tell);

}  // namespace orrery::validate
