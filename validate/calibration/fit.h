#pragma once

#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::validate {

// t = intercept + slope x, neither below zero.
struct Line {
  double intercept = 0, slope = 0;
  double error = 0;  // mean absolute relative error
  double r2 = 0;     // of relative deviations: 1 is a line
};

// Least squares of relative errors, so that short times count as much as long
// ones. At least one point; with one, the line goes through it and the origin.
Line fit_line(const std::vector<std::pair<double, double>>& points);

// The line of points that are expected to lie on another one (neither of whose numbers is zero): robust, and where
// few points leave latency or slope open, as expected.
Line fit_line_near(const Line& expected, const std::vector<std::pair<double, double>>& points);

struct GemmFit {
  topology::GemmCurve curve;
  double error = 0;  // mean absolute relative error over the points
};

// The four numbers ec, em, t0 and p of a GPU's curve for one number format, by
// least squares on log(time) with a soft-L1 loss of scale 0.1, so that a few shapes
// for which the library chose badly do not bend it (docs/compute.md). Starts from `gpu`'s own curve, stays by
// it where the points leave em or t0 open (large products alone say nothing of either), and
// keeps its wave and quantisation terms. All points are products in that format.
GemmFit fit_gemm(topology::GpuSpec gpu, const std::vector<models::KernelPoint>& points);

// Fewer points than this do not fix the four numbers.
inline constexpr std::size_t kFewestForCurve = 12;

}  // namespace orrery::validate
