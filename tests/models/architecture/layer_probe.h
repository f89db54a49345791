#pragma once

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "models/architecture/operators.h"

// Questions that tests ask a list of steps.
namespace orrery::models {

using Steps = std::vector<LayerStep>;

inline const GemmShape* gemm(const LayerStep& step) {
  return step.kind == LayerStep::Kind::kernel ? std::get_if<GemmShape>(&step.kernel.shape) : nullptr;
}
inline const AttentionShape* attention(const LayerStep& step) {
  return step.kind == LayerStep::Kind::kernel ? std::get_if<AttentionShape>(&step.kernel.shape) : nullptr;
}
inline const MemoryBoundShape* memory_bound(const LayerStep& step) {
  return step.kind == LayerStep::Kind::kernel ? std::get_if<MemoryBoundShape>(&step.kernel.shape) : nullptr;
}

// Of one matrix product or of a batch of them.
inline double gemm_flops(const Steps& steps, bool batched) {
  double sum = 0;
  for (const LayerStep& step : steps)
    if (const GemmShape* g = gemm(step); g && (g->batch > 1) == batched)
      sum += 2.0 * static_cast<double>(g->batch * g->m) * static_cast<double>(g->n) * static_cast<double>(g->k);
  return sum;
}

inline std::int64_t bytes_of(const Steps& steps, sim::TransferKind kind) {
  std::int64_t sum = 0;
  for (const LayerStep& step : steps)
    if (step.kind == LayerStep::Kind::collective && step.collective == kind) sum += step.bytes.n;
  return sum;
}

inline std::int64_t memory_bytes(const Steps& steps) {
  std::int64_t sum = 0;
  for (const LayerStep& step : steps)
    if (const MemoryBoundShape* m = memory_bound(step)) sum += m->bytes.n;
  return sum;
}

inline std::vector<std::string> labels(const Steps& steps) {
  std::vector<std::string> names;
  for (const LayerStep& step : steps) names.push_back(step.label);
  return names;
}

inline int position(const Steps& steps, const std::string& label) {
  const auto at = std::find_if(steps.begin(), steps.end(), [&](const LayerStep& s) { return s.label == label; });
  return at == steps.end() ? -1 : static_cast<int>(at - steps.begin());
}

inline std::int64_t saved_bytes(const PieceWork& work) {
  std::int64_t sum = 0;
  for (const SavedTensor& tensor : work.saved) sum += tensor.bytes.n;
  return sum;
}

}  // namespace orrery::models
