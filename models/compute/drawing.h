#pragma once

#include <algorithm>
#include <cstdint>

#include "models/compute/calibration/calibration.h"
#include "sim/base/random.h"

namespace orrery::models {

// One of many drawings of what is known within intervals only. Number 0 draws
// nothing: everything is what it most likely is.
struct Drawing {
  std::uint64_t seed = 1;
  std::uint64_t number = 0;

  // A value from its 95 % interval: normal to either side of `value`, with that
  // side's deviation. The same key gives the same draw whatever else is drawn.
  double draw(const Interval& of, std::uint64_t key) const {
    if (number == 0) return of.value;
    const KeyedRandom random(Digest().add(seed).add(number).add(key).value());
    const double deviations = static_cast<double>(random.gaussian_q32()) * 0x1p-32;
    const double side = deviations < 0 ? of.value - of.low : of.high - of.value;
    return std::max(of.value / 4, of.value + deviations / kDeviations * side);
  }

 private:
  static constexpr double kDeviations = 1.96;  // of a normal variable within its 95 % interval
};

}  // namespace orrery::models
