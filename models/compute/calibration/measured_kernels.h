#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "models/compute/calibration/calibration.h"
#include "models/compute/calibration/kriging.h"

namespace orrery::models {

// What a calibration says of single kernels: exactly, where this kernel was
// timed, and else by how much kernels of near sizes differ from the curve.
//
// Times themselves are never interpolated: they are not smooth. The residual
// log2(measured / curve) is, so a curve's answer is multiplied by what the nearest
// timed kernels of its kind let expect of it (docs/compute.md).
class MeasuredKernels {
 public:
  using Curve = std::function<double(const Kernel&)>;  // seconds

  // By what to multiply the curve; in 19 of 20 cases from low to high.
  struct Correction {
    double factor = 1, low = 1, high = 1;
  };

  // `gpu`'s SMs and bandwidth say which kernels are small for it.
  MeasuredKernels(const Calibration& calibration, const topology::GpuSpec& gpu, const Curve& curve);

  std::optional<Interval> exact(const Kernel& kernel) const;
  // None where nothing of this kind was timed.
  std::optional<Correction> correction(const Kernel& kernel) const;

 private:
  topology::GpuSpec gpu_;
  std::map<Kernel, Interval> exact_;
  std::map<std::string, Kriging> kinds_;
};

}  // namespace orrery::models
