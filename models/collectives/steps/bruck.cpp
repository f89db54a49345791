#include <algorithm>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {

using sim::TransferKind;

// A gather sends all that it has, which doubles; an exchange what has this bit of its
// way still to go.
MaybeSteps bruck(TransferKind kind, int ranks, double bytes) {
  if (kind != TransferKind::all_gather && kind != TransferKind::all_to_all) return std::nullopt;
  const auto n = static_cast<std::uint32_t>(ranks);
  Steps steps;
  for (std::uint32_t distance = 1; distance < n; distance *= 2) {
    std::uint32_t parts = std::min(distance, n - distance);
    if (kind == TransferKind::all_to_all) {
      parts = 0;
      for (std::uint32_t way = 0; way < n; ++way) parts += (way & distance) != 0 ? 1 : 0;
    }
    Step& step = steps.emplace_back();
    for (std::uint32_t r = 0; r < n; ++r) step.messages.push_back({r, (r + distance) % n, bytes * parts / n});
  }
  return steps;
}

}  // namespace orrery::models
