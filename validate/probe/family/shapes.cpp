#include "validate/probe/family/shapes.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/compute/attention.h"
#include "models/compute/memory_bound.h"
#include "models/compute/portable_math.h"
#include "sim/base/random.h"

namespace orrery::validate {
namespace {

using models::AttentionShape;
using models::GemmRole;
using models::GemmShape;
using models::Kernel;
using models::MemoryBoundShape;

constexpr double kMostOperations = 1.1e13;  // 8,192 x 8,192 x 81,920: 14 ms on an H100
constexpr double kLongestAttention = 50e-3;

// 2^low … 2^high, log-uniform, in multiples of `step`.
std::int64_t drawn(const KeyedRandom& random, std::uint64_t counter, double low, double high, std::int64_t step) {
  const double share = static_cast<double>(random.bits(counter) >> 11) * 0x1p-53;
  const double size = models::portable_exp2(low + (high - low) * share);
  return std::max<std::int64_t>(1, std::llround(size / static_cast<double>(step))) * step;
}

double operations(const GemmShape& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
}

GemmRole role_of(int i) {
  if (i % 4 == 1) return GemmRole::data_gradient;
  return i % 4 == 3 ? GemmRole::weight_gradient : GemmRole::forward;
}

}  // namespace

std::vector<Kernel> spread_products(models::Dtype dtype, int n, std::uint64_t seed) {
  const KeyedRandom random(seed + static_cast<std::uint64_t>(dtype));
  std::vector<Kernel> kernels;
  for (std::uint64_t draw = 0; static_cast<int>(kernels.size()) < n; ++draw) {
    const int i = static_cast<int>(kernels.size());
    const bool small = i % 8 == 0 || i % 8 == 5;
    GemmShape s;
    s.dtype = dtype;
    s.role = role_of(i);
    s.accumulate = s.role == GemmRole::weight_gradient;
    s.m = drawn(random, 3 * draw, small ? 3 : 9, small ? 9 : 15, small ? 8 : 64);
    s.n = drawn(random, 3 * draw + 1, small ? 8 : 9, 14.5, 64);
    s.k = drawn(random, 3 * draw + 2, small ? 8 : 9, 14.5, 64);
    if (operations(s) <= kMostOperations) kernels.push_back({s});
  }
  return kernels;
}

std::vector<Kernel> spread_attention(const topology::GpuSpec& gpu) {
  struct Heads {
    int batch, heads;
  };
  std::vector<Kernel> kernels;
  for (const int head_dim : {128, 64})
    for (const Heads h : {Heads{1, 8}, {1, 32}, {4, 32}, {16, 32}})
      for (std::int64_t length = 512; length <= 32768; length *= 2)
        for (const bool backward : {false, true}) {
          AttentionShape s;
          s.batch = h.batch, s.heads = h.heads;
          s.kv_heads = head_dim == 128 ? h.heads / 4 : h.heads;
          s.queries = s.keys = length;
          s.head_dim = s.value_dim = head_dim;
          s.backward = backward;
          if (models::attention_seconds(s, gpu, 1) <= kLongestAttention) kernels.push_back({s});
        }
  return kernels;
}

bool is_of_optimizer(const std::string& family) {
  static const std::set<std::string> families = {"adam", "axpy", "cast", "norm", "scale", "zero"};
  return families.contains(family);
}

std::vector<Kernel> spread_memory_bound(const std::vector<std::string>& families) {
  std::vector<Kernel> kernels;
  for (const std::string& family : families)
    for (const int exponent : {18, 21, 24, 26, 28, 30})
      kernels.push_back({MemoryBoundShape{family, Bytes{std::int64_t{1} << exponent}}});
  return kernels;
}

std::vector<std::string> memory_bound_families(const topology::GpuSpec& gpu) {
  std::set<std::string> families(std::begin(models::kMemoryBoundFamilies), std::end(models::kMemoryBoundFamilies));
  for (const auto& [family, curve] : gpu.memory_bound) families.insert(family);
  return {families.begin(), families.end()};
}

}  // namespace orrery::validate
