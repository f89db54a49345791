#include "models/compute/cost_model.h"

#include <algorithm>
#include <optional>

#include "models/compute/attention.h"
#include "models/compute/calibration/measured_kernels.h"
#include "models/compute/gemm.h"
#include "models/compute/kernel_digest.h"
#include "models/compute/memory_bound.h"

namespace orrery::models {
namespace {

// Error to expect of tier 1 on shapes that no fit has seen (mean absolute, from
// docs/compute.md). Curves taken from another GPU are of datasheet quality.
constexpr double kGemmError = 0.07, kAttentionError = 0.08, kMemoryBoundError = 0.25, kTransferredError = 0.20;

template <class Shape>
bool times(const Calibration& calibration) {
  return std::any_of(calibration.kernels.begin(), calibration.kernels.end(),
                     [](const KernelPoint& point) { return std::holds_alternative<Shape>(point.kernel.shape); });
}

// Against the kernels that the GPU's tables were measured with.
Stack::Slowdown slowdown_of(const Stack& stack, const topology::GpuSpec& gpu) {
  Stack::Slowdown slowdown = stack.slowdown;
  const auto known = gpu.attention.kernel_slowdown.find(stack.attention_kernel);
  if (known != gpu.attention.kernel_slowdown.end()) slowdown.attention *= known->second;
  return slowdown;
}

// What was measured as it runs needs no stack to tell how slow it is.
Stack::Slowdown without_measured(Stack::Slowdown slowdown, const Calibration& calibration) {
  if (times<GemmShape>(calibration) || !calibration.gemm.empty()) slowdown.gemm = 1;
  if (times<AttentionShape>(calibration)) slowdown.attention = 1;
  if (times<MemoryBoundShape>(calibration) || !calibration.memory_bound.empty()) slowdown.memory_bound = 1;
  return slowdown;
}

}  // namespace

struct CostModel::State {
  topology::GpuSpec gpu;
  Stack::Slowdown slowdown;
  Drawing drawing;
  std::optional<MeasuredKernels> measured;

  KernelTime drawn(const Kernel& kernel) const {
    KernelTime time = compute(kernel);
    if (drawing.number > 0)
      time.time =
          Duration::from_seconds(drawing.draw({time.time.seconds(), time.low, time.high, 1}, digest_of(kernel)));
    return time;
  }

  KernelTime compute(const Kernel& kernel) const {
    if (!measured) return by_curve(kernel);
    if (const auto seconds = measured->exact(kernel))
      return {Duration::from_seconds(seconds->value), seconds->low, seconds->high, 3};
    const auto correction = measured->correction(kernel);
    if (!correction) return by_curve(kernel);
    const double seconds = curve_seconds(kernel);
    return {Duration::from_seconds(seconds * correction->factor), seconds * correction->low, seconds * correction->high,
            2};
  }

  KernelTime by_curve(const Kernel& kernel) const {
    static constexpr double kErrors[] = {kGemmError, kAttentionError, kMemoryBoundError};
    return told(curve_seconds(kernel), kErrors[kernel.shape.index()]);
  }

  double curve_seconds(const Kernel& kernel) const {
    if (const auto* gemm = std::get_if<GemmShape>(&kernel.shape)) return gemm_seconds(*gemm, gpu, slowdown.gemm);
    if (const auto* attention = std::get_if<AttentionShape>(&kernel.shape))
      return attention_seconds(*attention, gpu, slowdown.attention);
    return memory_bound_seconds(std::get<MemoryBoundShape>(kernel.shape), gpu, slowdown.memory_bound);
  }

  KernelTime told(double seconds, double error) const {
    if (!gpu.fitted) error = std::max(error, kTransferredError);
    return {Duration::from_seconds(seconds), seconds * (1 - error), seconds * (1 + error), gpu.fitted ? 1 : 0};
  }
};

CostModel::CostModel(const topology::GpuSpec& gpu, const Stack& stack, const Calibration* calibration,
                     const Drawing& drawing)
    : state_(new State{gpu, slowdown_of(stack, gpu), drawing, {}}) {
  if (calibration == nullptr) return;
  state_->gpu = with_measured_curves(gpu, *calibration);
  state_->slowdown = without_measured(state_->slowdown, *calibration);
  state_->measured.emplace(*calibration, state_->gpu,
                           [this](const Kernel& kernel) { return state_->curve_seconds(kernel); });
}

CostModel::~CostModel() = default;

KernelTime CostModel::time(const Kernel& kernel) const {
  return state_->drawn(kernel);
}

std::deque<CostModel> cost_models(const topology::ClusterSpec& cluster, const Stack& stack,
                                  const Calibration* calibration, const Drawing& drawing) {
  std::deque<CostModel> models;
  for (int kind = 0; kind < cluster.kinds(); ++kind)
    models.emplace_back(cluster.gpu_of(kind), stack, calibration, drawing);
  return models;
}

}  // namespace orrery::models
