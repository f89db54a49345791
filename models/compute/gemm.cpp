#include "models/compute/gemm.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>

#include "models/compute/portable_math.h"

namespace orrery::models {
namespace {

using topology::GemmCurve;
using topology::GpuSpec;

// A weight gradient against the forward of the same linear layer, beyond the
// bytes it accumulates: its operands lie the wrong way round for the tensor
// cores. Measured median efficiency 0.738 -> 0.704 (A100 PCIe) and
// 0.491 -> 0.476 (B200): 3 to 5 % in all. Source: training GEMM tables of
// MooreThreads/SimuMax (a100_pcie.json, b200_bf16_ceperm.json), read 2026.
constexpr double kWeightGradientFactor = 1.03;

// Formats in the order in which they stand in for `dtype`.
std::initializer_list<Dtype> stand_ins(Dtype dtype) {
  static constexpr auto half = {Dtype::bf16, Dtype::fp16, Dtype::tf32, Dtype::fp32};
  static constexpr auto fp16 = {Dtype::fp16, Dtype::bf16, Dtype::tf32, Dtype::fp32};
  static constexpr auto eight = {Dtype::fp8, Dtype::mxfp8, Dtype::bf16, Dtype::fp16, Dtype::fp32};
  static constexpr auto mx = {Dtype::mxfp8, Dtype::fp8, Dtype::bf16, Dtype::fp16, Dtype::fp32};
  static constexpr auto four = {Dtype::nvfp4, Dtype::mxfp8, Dtype::fp8, Dtype::bf16, Dtype::fp16, Dtype::fp32};
  static constexpr auto tf32 = {Dtype::tf32, Dtype::fp32, Dtype::bf16, Dtype::fp16};
  static constexpr auto fp32 = {Dtype::fp32, Dtype::tf32, Dtype::bf16, Dtype::fp16};
  switch (dtype) {
    case Dtype::bf16:
      return half;
    case Dtype::fp16:
      return fp16;
    case Dtype::fp8:
      return eight;
    case Dtype::mxfp8:
      return mx;
    case Dtype::nvfp4:
      return four;
    case Dtype::tf32:
      return tf32;
    case Dtype::fp32:
      return fp32;
  }
  return half;
}

double output_bytes(const GemmShape& s) {
  const bool fp32_output = s.accumulate || s.dtype == Dtype::fp32 || s.dtype == Dtype::tf32;
  return (fp32_output ? 4.0 : 2.0) * (s.accumulate ? 2.0 : 1.0);
}

double flops(const GemmShape& s) {
  return 2.0 * static_cast<double>(s.batch) * static_cast<double>(s.m) * static_cast<double>(s.n) *
         static_cast<double>(s.k);
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// An output tile and its speed against the largest one.
struct Tile {
  int m, n;
  double efficiency;
};

// The wave model's constants, fitted together with the A100's curve (ec 0.911,
// em 0.949, t0 2.5 us, p 2.5, q 0.9) on the 7,210 bf16 products with m, n, k >=
// 512 of public timing tables (ai-dynamo/aiconfigurator, a100_sxm, Apache-2.0):
// mean error 4.8 %, 4.2 % on (n, k) pairs left out. Without waves: 7.4 %.
constexpr std::array<Tile, 6> kTiles = {
    {{256, 128, 1.0}, {128, 256, 1.0}, {128, 128, 0.764}, {128, 64, 0.661}, {64, 128, 0.661}, {64, 64, 0.533}}};
constexpr std::array<int, 4> kSplits = {1, 2, 4, 8};
constexpr double kSplitPenalty = 0.043;  // by which each doubling of a split along k stretches the product
constexpr double kPrologueDepth = 176;   // filling and draining a tile's pipeline, as steps along k
// Beyond 2^36 operations a product heats the chip enough for its clocks to fall.
constexpr double kSustainedFrom = 36;
constexpr double kSustainedPerDoubling = 0.018;

// Time of the tensor cores when output tiles are dealt to SMs in waves, of which
// a last, partly filled one costs the share `wave` of a full one. The fastest
// tile and split along k is taken, as the library's heuristic would. Each
// candidate never falls when a size grows, so neither does the least of them.
double wave_seconds(const GemmShape& s, const GpuSpec& gpu, const GemmCurve& curve, double peak) {
  const double sm_rate = curve.compute_efficiency * peak / gpu.sms;
  double best = std::numeric_limits<double>::max();
  for (const Tile& tile : kTiles) {
    const double tiles =
        static_cast<double>(s.batch) * static_cast<double>(ceil_div(s.m, tile.m) * ceil_div(s.n, tile.n));
    double penalty = 1;
    for (int split : kSplits) {
      const double r = tiles * split / gpu.sms;
      const double waves = (1 - curve.wave) * std::max(r, 1.0) + curve.wave * std::ceil(r);
      const double depth = static_cast<double>(ceil_div(ceil_div(s.k, split), 64) * 64) + kPrologueDepth;
      best = std::min(best, penalty * waves * 2.0 * tile.m * tile.n * depth / (tile.efficiency * sm_rate));
      penalty += kSplitPenalty;
    }
  }
  return best * (1 + kSustainedPerDoubling * std::max(0.0, portable_log2(flops(s)) - kSustainedFrom));
}

// (a^p + b^p)^(1/p) with the larger one taken out first, so nothing overflows.
double p_norm(double a, double b, double p) {
  const double high = std::max(a, b), low = std::min(a, b);
  if (low <= 0) return high;
  return high * portable_pow(1 + portable_pow(low / high, p), 1 / p);
}

double quantize_seconds(const GemmShape& s, const GpuSpec& gpu, const GemmCurve& curve) {
  const Bytes bytes = quantized_bytes(s);
  if (curve.quantize_efficiency <= 0 || bytes.n == 0) return 0;
  return curve.quantize_launch.seconds() +
         static_cast<double>(bytes.n) / (curve.quantize_efficiency * static_cast<double>(gpu.memory_bandwidth.n));
}

}  // namespace

double element_bytes(Dtype dtype) {
  switch (dtype) {
    case Dtype::fp32:
    case Dtype::tf32:
      return 4;
    case Dtype::fp16:
    case Dtype::bf16:
      return 2;
    case Dtype::fp8:
      return 1;
    case Dtype::mxfp8:
      return 1 + 1.0 / 32;  // one scale byte for 32 elements
    case Dtype::nvfp4:
      return 0.5 + 1.0 / 16;  // one scale byte for 16 elements
  }
  return 2;
}

Bytes quantized_bytes(const GemmShape& s) {
  if (s.dtype != Dtype::fp8 && s.dtype != Dtype::mxfp8 && s.dtype != Dtype::nvfp4) return {};
  return {s.role == GemmRole::weight_gradient ? 0 : 3 * s.batch * s.m * s.k};
}

const GemmCurve& gemm_curve(const GpuSpec& gpu, Dtype dtype) {
  for (Dtype d : stand_ins(dtype))
    if (auto it = gpu.gemm.find(d); it != gpu.gemm.end()) return it->second;
  static const GemmCurve default_curve;
  return default_curve;
}

double peak_flops(const GpuSpec& gpu, Dtype dtype) {
  for (Dtype d : stand_ins(dtype))
    if (auto it = gpu.peak.find(d); it != gpu.peak.end()) return it->second.n;
  return 1e12;  // the catalogue refuses a GPU without any peak
}

double gemm_bytes(const GemmShape& s) {
  const double m = static_cast<double>(s.m), n = static_cast<double>(s.n), k = static_cast<double>(s.k);
  return static_cast<double>(s.batch) * (element_bytes(s.dtype) * (m * k + k * n) + output_bytes(s) * m * n);
}

double gemm_seconds(const GemmShape& s, const GpuSpec& gpu, double slowdown) {
  if (s.batch <= 0 || s.m <= 0 || s.n <= 0 || s.k <= 0) return 0;
  const GemmCurve& curve = gemm_curve(gpu, s.dtype);
  const double peak = peak_flops(gpu, s.dtype);
  double compute =
      curve.wave > 0 && gpu.sms > 0 ? wave_seconds(s, gpu, curve, peak) : flops(s) / (curve.compute_efficiency * peak);
  if (s.role == GemmRole::weight_gradient) compute *= kWeightGradientFactor;
  compute *= curve.sustained;
  const double memory = gemm_bytes(s) / (curve.memory_efficiency * static_cast<double>(gpu.memory_bandwidth.n));
  return curve.launch.seconds() + quantize_seconds(s, gpu, curve) + slowdown * p_norm(compute, memory, curve.exponent);
}

}  // namespace orrery::models
