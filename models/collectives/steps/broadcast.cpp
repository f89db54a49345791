#include <algorithm>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// A broadcast, or the reduce that runs along the same edges backwards.
MaybeSteps as(TransferKind kind, Steps steps) {
  if (kind == TransferKind::broadcast) return steps;
  if (kind != TransferKind::reduce) return std::nullopt;
  std::reverse(steps.begin(), steps.end());
  for (Step& step : steps) {
    step.reduces = true;
    for (Message& m : step.messages) std::swap(m.from, m.to);
  }
  return steps;
}

}  // namespace

// In step t, rank r passes chunk t - r on.
MaybeSteps chain(TransferKind kind, int ranks, double bytes, int chunks) {
  Steps steps;
  for (int t = 0; ranks > 1 && t < ranks - 2 + chunks; ++t) {
    Step& step = steps.emplace_back();
    for (int r = std::max(0, t - chunks + 1); r <= std::min(t, ranks - 2); ++r)
      step.messages.push_back({static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(r + 1), bytes / chunks});
  }
  return as(kind, std::move(steps));
}

MaybeSteps binomial(TransferKind kind, int ranks, double bytes) {
  const auto n = static_cast<std::uint32_t>(ranks);
  Steps steps;
  for (std::uint32_t have = 1; have < n; have *= 2) {
    Step& step = steps.emplace_back();
    for (std::uint32_t r = 0; r < have && r + have < n; ++r) step.messages.push_back({r, r + have, bytes});
  }
  return as(kind, std::move(steps));
}

}  // namespace orrery::models
