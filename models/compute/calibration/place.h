#pragma once

#include <array>
#include <string>

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::models {

// Where a kernel stands among those of its kind, as far as it says by how much they differ from the curve.
struct Place {
  std::array<double, 6> at{};     // one is as far as one doubling of a size
  std::array<double, 2> trend{};  // what the difference grows with
  int group = 0;                  // a product's role, attention's pass
  double free = 0;                // from 0 to 1: how little its bytes say of its time
};

// How kernels of a kind are expected to differ from the curve before any is measured: standard
// deviations of log2(time / curve).
struct Spread {
  double common = 0;                  // of all alike
  double apart = 0;                   // of a group, besides
  double trend = 0, trend_apart = 0;  // for each unit of a trend: of all alike, of a group besides
  double near = 0;                    // of one place, see Kriging
  double free = 0;                    // the same of a place that is wholly free
  double noise = 0;                   // of one measurement
};

// Kernels of one kind say something of each other: of one number format, or one family.
std::string kind_of(const Kernel& kernel);
Spread spread_of(const Kernel& kernel);
Place place_of(const Kernel& kernel, const topology::GpuSpec& gpu);

}  // namespace orrery::models
