#include "models/compute/calibration/place.h"

#include <algorithm>

#include "models/compute/portable_math.h"

namespace orrery::models {
namespace {

// All figures below were found by leaving kernels out one by one: of this repository's own calibrations, and
// of 64 to 256 kernels drawn from the tables of data/kernels. None is sharp: half or twice as much moves
// the mean error by some tenths of a per cent (docs/compute.md).

// A machine may be any factor off the curve as a whole: five doublings are as good as not knowing.
constexpr double kUnknown = 5;

// A product in the next role (other layouts of the same operands) is as far away as one of half
// a doubling, and so is one that accumulates. Roles differ throughout besides: weight gradients in tf32 by a third.
constexpr double kRole = 0.5;
constexpr Spread kProducts{.common = kUnknown, .apart = 0.3, .near = 0.3, .noise = 0.04};

// Heads and their widths count as lengths do; a batch more of the same counts less.
constexpr double kBatch = 0.35, kPass = 2;
constexpr Spread kAttention{.common = kUnknown, .trend = 0.27, .trend_apart = 0.42, .near = 0.42, .noise = 0.02};

// Large kernels of a family differ from its line by a share of the bandwidth; what small ones take is
// latency and how many SMs they fill, which no line of bytes knows: those of kLatency are half free.
constexpr Spread kMemoryBound{.common = 0.2, .near = 0.15, .free = 1, .noise = 0.01};
constexpr double kLatency = 30e-6;  // seconds at full bandwidth

double log2_of(std::int64_t size) {
  return portable_log2(static_cast<double>(std::max<std::int64_t>(size, 1)));
}

// By how much few tiles for each SM may stretch a kernel, in log2: a doubling where there is one tile an SM.
double lack_of_tiles(std::int64_t heads, std::int64_t length, const topology::GpuSpec& gpu) {
  constexpr double kTile = 128;
  const double tiles = static_cast<double>(heads) * std::max(1.0, static_cast<double>(length) / kTile);
  return portable_log2(1 + std::max(1, gpu.sms) / tiles);
}

struct KindOf {
  std::string operator()(const GemmShape& s) const { return "gemm " + std::string(to_string(s.dtype)); }
  std::string operator()(const AttentionShape& s) const {
    return "attention " + std::string(to_string(s.dtype)) + (s.causal ? " causal" : " full");
  }
  std::string operator()(const MemoryBoundShape& s) const { return "memory " + s.family; }
};

struct SpreadOf {
  Spread operator()(const GemmShape&) const { return kProducts; }
  Spread operator()(const AttentionShape&) const { return kAttention; }
  Spread operator()(const MemoryBoundShape&) const { return kMemoryBound; }
};

struct PlaceOf {
  const topology::GpuSpec& gpu;

  Place operator()(const GemmShape& s) const {
    return {.at = {log2_of(s.m), log2_of(s.n), log2_of(s.k), log2_of(s.batch), kRole * static_cast<int>(s.role),
                   kRole * s.accumulate},
            .group = static_cast<int>(s.role)};
  }
  // Kernels deal heads of queries to SMs, and some deal heads of keys in the backward pass: where either is few, SMs
  // idle, by how much the calibration tells.
  Place operator()(const AttentionShape& s) const {
    return {
        .at = {kBatch * log2_of(s.batch), log2_of(s.queries), log2_of(s.heads), log2_of(s.kv_heads),
               log2_of(s.head_dim + s.value_dim), kPass * s.backward},
        .trend = {lack_of_tiles(s.batch * s.heads, s.queries, gpu), lack_of_tiles(s.batch * s.kv_heads, s.keys, gpu)},
        .group = s.backward};
  }
  Place operator()(const MemoryBoundShape& s) const {
    const double seconds = static_cast<double>(s.bytes.n) / static_cast<double>(gpu.memory_bandwidth.n);
    return {.at = {log2_of(s.bytes.n)}, .free = kLatency / (kLatency + seconds)};
  }
};

}  // namespace

std::string kind_of(const Kernel& kernel) {
  return std::visit(KindOf{}, kernel.shape);
}

Spread spread_of(const Kernel& kernel) {
  return std::visit(SpreadOf{}, kernel.shape);
}

Place place_of(const Kernel& kernel, const topology::GpuSpec& gpu) {
  return std::visit(PlaceOf{gpu}, kernel.shape);
}

}  // namespace orrery::models
