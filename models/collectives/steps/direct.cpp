#include "models/collectives/steps/algorithms.h"

namespace orrery::models {
namespace {

// Ordered by distance, so that no two ranks begin with the same one.
Step to_all(int ranks, double bytes, bool reduces) {
  const auto n = static_cast<std::uint32_t>(ranks);
  Step step{{}, 1, reduces};
  for (std::uint32_t distance = 1; distance < n; ++distance)
    for (std::uint32_t r = 0; r < n; ++r) step.messages.push_back({r, (r + distance) % n, bytes});
  return step;
}

}  // namespace

MaybeSteps one_shot(sim::TransferKind kind, int ranks, double bytes) {
  if (kind != sim::TransferKind::all_reduce) return std::nullopt;
  return Steps{to_all(ranks, bytes, true)};
}

MaybeSteps two_shot(sim::TransferKind kind, int ranks, double bytes) {
  if (kind != sim::TransferKind::all_reduce) return std::nullopt;
  return Steps{to_all(ranks, bytes / ranks, true), to_all(ranks, bytes / ranks, false)};
}

}  // namespace orrery::models
