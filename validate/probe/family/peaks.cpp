#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using models::Calibration;
using models::Interval;
using models::Kernel;

constexpr std::int64_t kSide = 8192;
constexpr Bytes kLarge{std::int64_t{1} << 30};
constexpr double kHotFor = 5;  // seconds of load; training runs there

Kernel large_product(models::Dtype dtype) {
  models::GemmShape s;
  s.dtype = dtype;
  s.m = s.n = s.k = dtype == models::Dtype::fp32 ? kSide / 2 : kSide;
  return {s};
}

// From seconds for `work` to a rate.
Interval rate(double work, const Interval& seconds) {
  return {work / seconds.value, work / seconds.high, work / seconds.low, seconds.samples};
}

void add_rate(Bench& bench, const std::string& name, const Kernel& kernel, double work, Calibration& out) {
  if (!bench.can_run(kernel) || bench.stopped()) return;
  const int launches = Bench::launches_for(bench.kernel(kernel, 1), SamplingRules{}.batch);
  const std::vector<double> samples = sample(bench, [&] { return bench.kernel(kernel, launches); });
  if (!samples.empty()) out.peaks[name] = rate(work, median_interval(samples));
}

// The last fifth of seconds of uninterrupted load.
void add_hot(Bench& bench, const std::string& name, const Kernel& kernel, Calibration& out) {
  const double begin = bench.seconds();
  std::vector<double> samples;
  while (bench.seconds() - begin < kHotFor && !bench.stopped()) samples.push_back(bench.kernel(kernel, 50, false));
  samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() * 4 / 5));
  if (!samples.empty() && samples.front() > 0) out.peaks[name] = rate(kernel.flops().n, median_interval(samples));
}

constexpr const char* kStreaming[] = {"copy_d2d", "triad"};

Kernel streaming(const char* family) {
  return {models::MemoryBoundShape{family, kLarge}};
}

Calibration measure(Bench& bench, const std::vector<models::Dtype>& dtypes, double budget) {
  Calibration out;
  const double begin = bench.seconds();
  for (const models::Dtype dtype : dtypes) {
    if (bench.seconds() - begin > budget) return out;
    const Kernel product = large_product(dtype);
    add_rate(bench, "gemm." + std::string(to_string(dtype)), product, product.flops().n, out);
  }
  for (const char* family : kStreaming) add_rate(bench, family, streaming(family), static_cast<double>(kLarge.n), out);
  const Kernel product = large_product(models::Dtype::bf16);
  if (bench.can_run(product) && bench.seconds() - begin + kHotFor < budget)
    add_hot(bench, "gemm.bf16.hot", product, out);
  return out;
}

}  // namespace

Block probe_peaks(const topology::GpuSpec& gpu, double budget) {
  std::vector<models::Dtype> dtypes;
  std::vector<Kernel> kernels;
  for (const auto& [dtype, peak] : gpu.peak) dtypes.push_back(dtype), kernels.push_back(large_product(dtype));
  for (const char* family : kStreaming) kernels.push_back(streaming(family));
  return {"peaks", budget, dtypes.size(), std::move(kernels),
          [=](Bench& bench, double seconds) { return measure(bench, dtypes, seconds); }};
}

}  // namespace orrery::validate
