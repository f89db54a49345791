#include <algorithm>
#include <map>
#include <vector>

#include "models/compute/calibration/calibration.h"
#include "models/compute/memory_bound.h"

namespace orrery::models {
namespace {

constexpr std::size_t kFewestFamilies = 3;  // one family may have another kernel than the curve's

}  // namespace

topology::GpuSpec slowed_memory(topology::GpuSpec gpu, const std::vector<KernelPoint>& timed) {
  std::map<std::string, std::pair<Bytes, double>> largest;  // by family: its bytes and seconds
  for (const KernelPoint& point : timed) {
    const auto* s = std::get_if<MemoryBoundShape>(&point.kernel.shape);
    if (s == nullptr || s->bytes < largest[s->family].first) continue;
    largest[s->family] = {s->bytes, point.seconds.value};
  }
  if (largest.size() < kFewestFamilies) return gpu;
  std::vector<double> longer;
  for (const auto& [family, kernel] : largest)
    longer.push_back(kernel.second / memory_bound_seconds({family, kernel.first}, gpu));
  std::sort(longer.begin(), longer.end());
  for (auto& [family, curve] : gpu.memory_bound) curve.efficiency /= longer[longer.size() / 2];
  return gpu;
}

topology::GpuSpec with_measured_curves(topology::GpuSpec gpu, const Calibration& calibration) {
  gpu = slowed_memory(std::move(gpu), calibration.kernels);
  for (const auto& [dtype, curve] : calibration.gemm) gpu.gemm[dtype] = curve;
  for (const auto& [family, curve] : calibration.memory_bound) gpu.memory_bound[family] = curve;
  return gpu;
}

}  // namespace orrery::models
