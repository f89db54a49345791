#include "models/compute/attention.h"

#include <algorithm>

#include "models/compute/gemm.h"
#include "models/compute/portable_math.h"

namespace orrery::models {
namespace {

using topology::AttentionCurve;
using topology::GpuSpec;

constexpr std::int64_t kBlock = 128;

// A head of 64 does half the work per load of one of 128 and reaches 0.74-0.80
// of its rate on Hopper and 0.61-0.68 on Blackwell; 192 and 256 reach 1.14. As
// (d/128)^a. Source: medians over the prompt-attention tables of
// ai-dynamo/aiconfigurator (h100_sxm, b200_sxm), s >= 1024.
constexpr double kSmallHead = 0.35, kSmallHeadBlackwell = 0.65, kLargeHead = 0.2;
constexpr int kLargestMeasuredHead = 256;

// Tiles of 128 queries are dealt to SMs, the longest of them last to finish:
// with w tiles an SM the product is stretched by 1 + tail/w. Below one tile an SM
// some SMs idle, but the others have more bandwidth to themselves and smaller
// tiles are chosen, so the loss is less than proportional. Fitted on the same
// tables by w, from 1/16 to 512 tiles an SM.
constexpr double kFillExponent = 0.65;
double tail(const topology::GpuSpec& gpu) {
  if (gpu.compute_capability >= 100) return 1.0;
  return gpu.compute_capability >= 90 ? 0.5 : 1.2;  // persistent kernels on Hopper share the tail out
}

// Shorter than the table, efficiency falls with the square root of the length
// (a factor 0.7 from 1024 to 512 on all four GPUs of those tables), down to two
// blocks.
constexpr double kShortExponent = 0.5, kShortestLength = 256;

// The efficiency table is of medians, taken at about this many tiles an SM.
constexpr double kTypicalTilesPerSm = 40;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

int value_dim(const AttentionShape& s) {
  return s.value_dim > 0 ? s.value_dim : s.head_dim;
}

double head_factor(double head_dim, const GpuSpec& gpu) {
  const double ratio = std::min<double>(head_dim, kLargestMeasuredHead) / kBlock;
  if (ratio >= 1) return portable_pow(ratio, kLargeHead);
  return portable_pow(ratio, gpu.compute_capability >= 100 ? kSmallHeadBlackwell : kSmallHead);
}

// Linear in log2 s between the points of the table; the last one for longer.
double efficiency_at(double length, const AttentionCurve& curve) {
  const auto& table = curve.efficiency_by_length;
  if (table.empty()) return 0.5;
  const auto [shortest, at_shortest] = table.front();
  if (length <= shortest)
    return at_shortest * portable_pow(std::max(length, kShortestLength) / shortest, kShortExponent);
  for (std::size_t i = 1; i < table.size(); ++i) {
    const auto [s0, e0] = table[i - 1];
    const auto [s1, e1] = table[i];
    if (length <= s1) return e0 + (e1 - e0) * portable_log2(length / s0) / portable_log2(s1 / s0);
  }
  return table.back().second;
}

// The share of peak at which blocks are worked off. The table is of causal
// attention and counts half of the square; `mean` blocks a row of queries is what
// a causal length of (2 mean - 1) blocks has, and there whole blocks are
// (nb+1)/nb of the half. The same rule serves full and windowed attention
// (within 5 % of cuDNN's unmasked rows on H200).
double block_efficiency(double mean, const AttentionCurve& curve) {
  const double blocks = std::max(1.0, 2 * mean - 1);
  return efficiency_at(blocks * kBlock, curve) * (blocks + 1) / blocks;
}

double stretch(double tiles, const GpuSpec& gpu) {
  if (gpu.sms <= 0) return 1;
  const double per_sm = tiles / gpu.sms;
  const double full = (1 + tail(gpu) / std::max(per_sm, 1.0)) / (1 + tail(gpu) / kTypicalTilesPerSm);
  return per_sm >= 1 ? full : full * portable_pow(1 / per_sm, kFillExponent);
}

double operand_bytes(const AttentionShape& s) {
  const double q = static_cast<double>(s.queries) * static_cast<double>(s.heads);
  const double kv = static_cast<double>(s.keys) * static_cast<double>(s.kv_heads > 0 ? s.kv_heads : s.heads);
  return static_cast<double>(s.batch) * element_bytes(s.dtype) * (q + kv) * (s.head_dim + value_dim(s));
}

// Attention in 8 bits is not modelled: it gains little over 16 (backward ratios
// of 4 to 6, cuDNN on H200), so 16-bit curves and peaks serve.
Dtype core_format(Dtype dtype) {
  return element_bytes(dtype) < 2 ? Dtype::bf16 : dtype;
}

}  // namespace

double visited_blocks(const AttentionShape& s) {
  const std::int64_t rows = ceil_div(s.queries, kBlock), columns = ceil_div(s.keys, kBlock);
  if (!s.causal && s.window <= 0) return static_cast<double>(rows) * static_cast<double>(columns);
  const std::int64_t offset = s.keys - s.queries;  // query i stands at key i + offset
  std::int64_t visited = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t first = row * kBlock + offset;
    const std::int64_t last = std::min((row + 1) * kBlock, s.queries) - 1 + offset;
    const std::int64_t low = s.window > 0 ? std::max<std::int64_t>(0, first - s.window + 1) : 0;
    const std::int64_t high = std::min(s.causal ? last : last + std::max<std::int64_t>(0, s.window - 1), s.keys - 1);
    if (high >= low) visited += high / kBlock - low / kBlock + 1;
  }
  return static_cast<double>(visited);
}

double attention_seconds(const AttentionShape& s, const GpuSpec& gpu, double slowdown) {
  const double blocks = visited_blocks(s);
  if (s.batch <= 0 || s.heads <= 0 || s.head_dim <= 0 || blocks <= 0) return 0;
  const AttentionCurve& curve = gpu.attention;
  const double rows = static_cast<double>(ceil_div(s.queries, kBlock));
  const double heads = static_cast<double>(s.batch) * static_cast<double>(s.heads);
  const double mean_dim = (s.head_dim + value_dim(s)) / 2.0;

  const double work = 4.0 * heads * blocks * kBlock * kBlock * mean_dim;
  const double rate = block_efficiency(blocks / rows, curve) * peak_flops(gpu, core_format(s.dtype));
  const double compute = work * stretch(heads * rows, gpu) / (rate * head_factor(mean_dim, gpu));
  const double memory = operand_bytes(s) / (curve.memory_efficiency * static_cast<double>(gpu.memory_bandwidth.n));
  const double ratio = s.backward ? curve.backward_ratio : 1.0;
  return curve.launch.seconds() + slowdown * ratio * std::max(compute, memory);
}

}  // namespace orrery::models
