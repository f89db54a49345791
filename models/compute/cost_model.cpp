#include "models/compute/cost_model.h"

#include <unordered_map>

#include "models/compute/attention.h"
#include "models/compute/gemm.h"
#include "models/compute/memory_bound.h"

namespace orrery::models {
namespace {

// Error to expect of tier 1 on shapes that no fit has seen (mean absolute, from
// docs/compute.md). Curves taken from another GPU are of datasheet quality.
constexpr double kGemmError = 0.07, kAttentionError = 0.08, kMemoryBoundError = 0.25, kTransferredError = 0.20;

struct KernelHash {
  std::size_t operator()(const Kernel& kernel) const { return std::visit(*this, kernel.shape); }

  std::size_t operator()(const GemmShape& s) const {
    return mix(s.batch, s.m, s.n, s.k, static_cast<int>(s.dtype), static_cast<int>(s.role), s.accumulate);
  }
  std::size_t operator()(const AttentionShape& s) const {
    return mix(s.batch, s.queries, s.keys, s.heads, s.kv_heads, s.head_dim, s.value_dim, static_cast<int>(s.dtype),
               s.causal, s.backward, s.window);
  }
  std::size_t operator()(const MemoryBoundShape& s) const {
    return mix(static_cast<std::int64_t>(std::hash<std::string>{}(s.family)), s.bytes.n);
  }

 private:
  template <class... Fields>
  static std::size_t mix(Fields... fields) {
    std::uint64_t h = 0x9e3779b97f4a7c15;
    ((h = (h ^ static_cast<std::uint64_t>(fields)) * 0xff51afd7ed558ccd, h ^= h >> 32), ...);
    return h;
  }
};

}  // namespace

struct CostModel::State {
  topology::GpuSpec gpu;
  double gemm_slowdown, attention_slowdown;
  std::unordered_map<Kernel, KernelTime, KernelHash> known;  // looked up only, never walked through

  KernelTime compute(const Kernel& kernel) const {
    if (const auto* gemm = std::get_if<GemmShape>(&kernel.shape))
      return told(gemm_seconds(*gemm, gpu, gemm_slowdown), kGemmError);
    if (const auto* attention = std::get_if<AttentionShape>(&kernel.shape))
      return told(attention_seconds(*attention, gpu, attention_slowdown), kAttentionError);
    return told(memory_bound_seconds(std::get<MemoryBoundShape>(kernel.shape), gpu), kMemoryBoundError);
  }

  KernelTime told(double seconds, double error) const {
    if (!gpu.fitted) error = std::max(error, kTransferredError);
    return {Duration::from_seconds(seconds), seconds * (1 - error), seconds * (1 + error), gpu.fitted ? 1 : 0};
  }
};

CostModel::CostModel(const topology::GpuSpec& gpu, const Stack& stack)
    : state_(new State{gpu, stack.gemm_slowdown, stack.attention_slowdown, {}}) {}

CostModel::~CostModel() = default;

KernelTime CostModel::time(const Kernel& kernel) const {
  const auto [it, fresh] = state_->known.try_emplace(kernel);
  if (fresh) it->second = state_->compute(kernel);
  return it->second;
}

}  // namespace orrery::models
