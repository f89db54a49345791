#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::models {

// What a calibration says of single kernels: exactly, where this kernel was
// timed, and else by how much kernels of near sizes differ from the curve.
//
// Times themselves are never interpolated: they are not smooth. The residual
// log2(measured / curve) is, so a curve's answer is multiplied by the residual of
// the eight nearest shapes of its kind (number format, pass, family) in log2 of the sizes, weighted
// 1 / (distance + 0.05)^2 (docs/compute.md), and of the groups in a kind that differ throughout (a weight
// gradient in tf32 from a forward product) by their difference.
class MeasuredKernels {
 public:
  using Curve = std::function<double(const Kernel&)>;  // seconds

  MeasuredKernels(const Calibration& calibration, const Curve& curve);

  std::optional<Interval> exact(const Kernel& kernel) const;
  // By what to multiply the curve; none where nothing of this kind was timed.
  std::optional<double> correction(const Kernel& kernel) const;

 private:
  using Sizes = std::array<double, 5>;  // log2
  struct Neighbour {
    Sizes at;
    int group;
    double residual;  // log2, of what its group does not explain
  };
  struct Kind {
    std::vector<Neighbour> neighbours;
    std::map<int, double> apart;  // by group: log2

    double apart_of(int group) const;
  };

  static void set_groups_apart(Kind& kind);

  std::map<Kernel, Interval> exact_;
  std::map<std::string, Kind> kinds_;
};

}  // namespace orrery::models
