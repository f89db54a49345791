#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "validate/run_record.h"

namespace orrery::validate {

// Reasons why clocks are low, from NVML's bits; idle and chosen application clocks are none.
std::vector<std::string> throttle_reasons(std::uint64_t bits);

// One look at a GPU.
struct ClockSample {
  int sm_mhz = 0, memory_mhz = 0, temperature_c = 0;
  double power_w = 0;
  std::uint64_t throttle_bits = 0;
};
Conditions conditions_of(std::vector<ClockSample> samples);

}  // namespace orrery::validate
