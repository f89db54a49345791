#pragma once

#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::validate {

struct BuildOptions {
  std::size_t most_points = 1000;  // kept of each kind of kernel, for exact hits and residuals; the fits see all
  std::uint64_t seed = 1;          // of the choice among more
};

// From timed kernels to a calibration of `gpu`: a curve for every number format
// and family with points enough, and the points themselves.
models::Calibration build_calibration(const topology::GpuSpec& gpu, std::vector<models::KernelPoint> points,
                                      const BuildOptions& options = {});

// The same of all that a calibration measured: its kernels and the rest stay as
// they are, curves and lines come to them.
models::Calibration with_curves(const topology::GpuSpec& gpu, models::Calibration measured);

// Lines t = alpha + beta bytes for every kind of transfer among as many GPUs.
std::vector<models::TransferLine> fit_transfers(const std::vector<models::TransferPoint>& points);

}  // namespace orrery::validate
