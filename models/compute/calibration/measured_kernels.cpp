#include "models/compute/calibration/measured_kernels.h"

#include "models/compute/portable_math.h"

namespace orrery::models {
namespace {

constexpr double kErrorsOf95Percent = 1.96;

// As calibration files write shapes: what may be left out is filled in.
Kernel normalized(Kernel kernel) {
  if (auto* s = std::get_if<AttentionShape>(&kernel.shape)) {
    if (s->value_dim == 0) s->value_dim = s->head_dim;
    if (s->kv_heads == 0) s->kv_heads = s->heads;
  }
  return kernel;
}

}  // namespace

MeasuredKernels::MeasuredKernels(const Calibration& calibration, const topology::GpuSpec& gpu, const Curve& curve)
    : gpu_(gpu) {
  for (const KernelPoint& point : calibration.kernels) {
    const Kernel kernel = normalized(point.kernel);
    exact_[kernel] = point.seconds;
    const double expected = curve(kernel);
    if (expected <= 0) continue;
    Kriging& kind = kinds_.try_emplace(kind_of(kernel), spread_of(kernel)).first->second;
    kind.add(place_of(kernel, gpu_), portable_log2(point.seconds.value / expected));
  }
  for (auto& [name, kind] : kinds_) kind.learn_errors();
}

std::optional<Interval> MeasuredKernels::exact(const Kernel& kernel) const {
  const auto at = exact_.find(normalized(kernel));
  return at == exact_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<MeasuredKernels::Correction> MeasuredKernels::correction(const Kernel& kernel) const {
  const Kernel asked = normalized(kernel);
  const auto kind = kinds_.find(kind_of(asked));
  if (kind == kinds_.end()) return std::nullopt;
  const Kriging::Estimate estimate = kind->second.at(place_of(asked, gpu_));
  const double away = kErrorsOf95Percent * estimate.error;
  return Correction{portable_exp2(estimate.difference), portable_exp2(estimate.difference - away),
                    portable_exp2(estimate.difference + away)};
}

}  // namespace orrery::models
