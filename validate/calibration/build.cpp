#include "validate/calibration/build.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "models/compute/memory_bound.h"
#include "sim/base/digest.h"
#include "validate/calibration/fit.h"

namespace orrery::validate {
namespace {

using models::Calibration;
using models::KernelPoint;

constexpr std::size_t kMostFitted = 4096;  // more do not move four numbers

// `n` of the points, drawn by a hash of their place so that no order of the table matters.
std::vector<KernelPoint> drawn(std::vector<KernelPoint> points, std::size_t n, std::uint64_t seed) {
  if (points.size() <= n) return points;
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < points.size(); ++i) order.emplace_back(Digest::mix(Digest::mix(seed) + i), i);
  std::sort(order.begin(), order.end());
  order.resize(n);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<KernelPoint> out;
  for (const auto& [hash, i] : order) out.push_back(std::move(points[i]));
  return out;
}

void add_gemm_curves(const topology::GpuSpec& gpu, const std::vector<KernelPoint>& points, std::uint64_t seed,
                     Calibration& out) {
  std::map<models::Dtype, std::vector<KernelPoint>> by_dtype;
  for (const KernelPoint& point : points)
    if (const auto* s = std::get_if<models::GemmShape>(&point.kernel.shape)) by_dtype[s->dtype].push_back(point);
  for (auto& [dtype, of_dtype] : by_dtype) {
    if (of_dtype.size() < kFewestForCurve) continue;
    const GemmFit fit = fit_gemm(gpu, drawn(std::move(of_dtype), kMostFitted, seed));
    out.gemm[dtype] = fit.curve;
    out.fit_errors["gemm." + std::string(to_string(dtype))] = fit.error;
  }
}

void add_memory_bound_curves(topology::GpuSpec gpu, const std::vector<KernelPoint>& points, Calibration& out) {
  gpu = models::slowed_memory(std::move(gpu), points);
  std::map<std::string, std::vector<std::pair<double, double>>> by_family;
  for (const KernelPoint& point : points)
    if (const auto* s = std::get_if<models::MemoryBoundShape>(&point.kernel.shape))
      by_family[s->family].emplace_back(static_cast<double>(s->bytes.n), point.seconds.value);
  const double bandwidth = static_cast<double>(gpu.memory_bandwidth.n);
  for (const auto& [family, sizes] : by_family) {
    const topology::MemoryBoundCurve& expected = models::memory_bound_curve(gpu, family);
    const Line line =
        fit_line_near({std::max(expected.launch.seconds(), 1e-9), 1 / (expected.efficiency * bandwidth)}, sizes);
    if (line.slope <= 0) continue;
    out.memory_bound[family] = {std::clamp(1 / (line.slope * bandwidth), 0.001, 10.0),
                                Duration::from_seconds(line.intercept)};
    out.fit_errors["memory_bound." + family] = line.error;
  }
}

// One kind of kernel shares the room for points.
std::string kind_of(const models::Kernel& kernel) {
  if (const auto* s = std::get_if<models::GemmShape>(&kernel.shape))
    return "gemm " + std::string(to_string(s->dtype)) + std::to_string(static_cast<int>(s->role));
  if (const auto* s = std::get_if<models::AttentionShape>(&kernel.shape))
    return s->backward ? "attention backward" : "attention forward";
  return std::get<models::MemoryBoundShape>(kernel.shape).family;
}

}  // namespace

Calibration with_curves(const topology::GpuSpec& gpu, Calibration measured) {
  Calibration fitted = build_calibration(gpu, measured.kernels, {0, 1});
  measured.gpu = gpu.name;
  measured.gemm = std::move(fitted.gemm);
  measured.memory_bound = std::move(fitted.memory_bound);
  measured.fit_errors = std::move(fitted.fit_errors);
  measured.transfer_lines = fit_transfers(measured.transfers);
  return measured;
}

Calibration build_calibration(const topology::GpuSpec& gpu, std::vector<KernelPoint> points,
                              const BuildOptions& options) {
  Calibration out;
  out.gpu = gpu.name;
  add_gemm_curves(gpu, points, options.seed, out);
  add_memory_bound_curves(gpu, points, out);
  std::map<std::string, std::vector<KernelPoint>> by_kind;
  for (KernelPoint& point : points) {
    std::string kind = kind_of(point.kernel);
    by_kind[std::move(kind)].push_back(std::move(point));
  }
  for (auto& [kind, of_kind] : by_kind)
    for (KernelPoint& point : drawn(std::move(of_kind), options.most_points, options.seed))
      out.kernels.push_back(std::move(point));
  return out;
}

std::vector<models::TransferLine> fit_transfers(const std::vector<models::TransferPoint>& points) {
  std::map<std::tuple<sim::TransferKind, int, int>, std::vector<std::pair<double, double>>> groups;
  for (const models::TransferPoint& p : points)
    groups[{p.kind, p.ranks, p.nodes}].emplace_back(static_cast<double>(p.bytes.n), p.seconds.value);
  std::vector<models::TransferLine> lines;
  for (const auto& [group, sizes] : groups) {
    const Line line = fit_line(sizes);
    lines.push_back({std::get<0>(group), std::get<1>(group), std::get<2>(group), line.intercept, line.slope, line.r2});
  }
  return lines;
}

}  // namespace orrery::validate
