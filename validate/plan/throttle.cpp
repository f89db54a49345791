#include "validate/plan/throttle.h"

#include <algorithm>

namespace orrery::validate {

// Bits of nvmlClocksEventReasons, NVML API reference (12.x).
std::vector<std::string> throttle_reasons(std::uint64_t bits) {
  struct Reason {
    std::uint64_t bit;
    const char* name;
  };
  constexpr Reason kReasons[] = {{0x4, "power cap"},
                                 {0x8, "hardware slowdown"},
                                 {0x10, "clocks synchronised with a slower GPU"},
                                 {0x20, "temperature (software)"},
                                 {0x40, "temperature (hardware)"},
                                 {0x80, "power brake"}};
  std::vector<std::string> names;
  for (const Reason& reason : kReasons)
    if (bits & reason.bit) names.emplace_back(reason.name);
  return names;
}

Conditions conditions_of(std::vector<ClockSample> samples) {
  Conditions c;
  if (samples.empty()) return c;
  std::uint64_t bits = 0;
  for (const ClockSample& s : samples) {
    bits |= s.throttle_bits;
    c.power_max_w = std::max(c.power_max_w, s.power_w);
    c.temperature_max_c = std::max(c.temperature_max_c, s.temperature_c);
    c.memory_clock_mhz = c.memory_clock_mhz == 0 ? s.memory_mhz : std::min(c.memory_clock_mhz, s.memory_mhz);
  }
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.sm_mhz < b.sm_mhz; });
  c.samples = static_cast<int>(samples.size());
  c.sm_clock_min_mhz = samples.front().sm_mhz;
  c.sm_clock_median_mhz = samples[samples.size() / 2].sm_mhz;
  c.sm_clock_max_mhz = samples.back().sm_mhz;
  c.throttled = throttle_reasons(bits);
  return c;
}

}  // namespace orrery::validate
