#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "validate/plan/throttle.h"

namespace orrery::validate::cuda {

// Looks at a GPU's clocks, power, temperature and throttle reasons ten times a second
// while it lives. NVML is opened, not linked; without it there are no samples.
class ClockSampler {
 public:
  explicit ClockSampler(int gpu);
  ~ClockSampler();
  ClockSampler(const ClockSampler&) = delete;
  ClockSampler& operator=(const ClockSampler&) = delete;

  // Of all that was seen; and of what was seen since this was last asked.
  Conditions conditions() const;
  Conditions latest();

 private:
  struct Nvml;
  void sample(const Nvml& nvml, void* device);

  void* library_ = nullptr;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<ClockSample> samples_;
  std::size_t asked_ = 0;  // for: samples before
  std::thread thread_;
};

}  // namespace orrery::validate::cuda
