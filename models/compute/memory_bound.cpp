#include "models/compute/memory_bound.h"

namespace orrery::models {

const topology::MemoryBoundCurve& memory_bound_curve(const topology::GpuSpec& gpu, const std::string& family) {
  static const topology::MemoryBoundCurve nothing_known;
  if (auto it = gpu.memory_bound.find(family); it != gpu.memory_bound.end()) return it->second;
  if (auto it = gpu.memory_bound.find("default"); it != gpu.memory_bound.end()) return it->second;
  return nothing_known;
}

double memory_bound_seconds(const MemoryBoundShape& shape, const topology::GpuSpec& gpu, double slowdown) {
  if (shape.bytes.n <= 0) return 0;
  const topology::MemoryBoundCurve& curve = memory_bound_curve(gpu, shape.family);
  return curve.launch.seconds() + slowdown * static_cast<double>(shape.bytes.n) /
                                      (curve.efficiency * static_cast<double>(gpu.memory_bandwidth.n));
}

}  // namespace orrery::models
