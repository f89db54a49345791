#include <algorithm>
#include <bit>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// Ranks among a power of two exchange `bytes` with those `distance` away. Where more
// ranks than that are folded, place p stands for rank 2p of the first pairs.
Step exchange(std::uint32_t places, std::uint32_t folded, std::uint32_t distance, double bytes, bool reduces) {
  const auto rank = [folded](std::uint32_t p) { return p < folded ? 2 * p : p + folded; };
  Step step{{}, 1, reduces};
  for (std::uint32_t p = 0; p < places; ++p) step.messages.push_back({rank(p), rank(p ^ distance), bytes});
  return step;
}

// The odd ranks of the first pairs give all they have, or get the sum.
Step fold(std::uint32_t folded, double bytes, bool give) {
  Step step{{}, 1, give};
  for (std::uint32_t p = 0; p < folded; ++p) {
    const std::uint32_t stays = 2 * p, goes = 2 * p + 1;
    step.messages.push_back(give ? Message{goes, stays, bytes} : Message{stays, goes, bytes});
  }
  return step;
}

Steps folded_around(std::uint32_t folded, double bytes, Steps inner) {
  if (folded == 0) return inner;
  inner.insert(inner.begin(), fold(folded, bytes, true));
  inner.push_back(fold(folded, bytes, false));
  return inner;
}

}  // namespace

MaybeSteps recursive_doubling(TransferKind kind, int ranks, double bytes) {
  if (kind != TransferKind::all_reduce) return std::nullopt;
  const auto n = static_cast<std::uint32_t>(ranks), places = std::bit_floor(n);
  Steps steps;
  for (std::uint32_t distance = 1; distance < places; distance *= 2)
    steps.push_back(exchange(places, n - places, distance, bytes, true));
  return folded_around(n - places, bytes, std::move(steps));
}

MaybeSteps halving_doubling(TransferKind kind, int ranks, double bytes) {
  const auto n = static_cast<std::uint32_t>(ranks), places = std::bit_floor(n);
  const bool all = kind == TransferKind::all_reduce;
  if (!all && (n != places || (kind != TransferKind::reduce_scatter && kind != TransferKind::all_gather)))
    return std::nullopt;
  Steps halving, doubling;
  for (std::uint32_t distance = places / 2; distance > 0; distance /= 2)
    halving.push_back(exchange(places, n - places, distance, bytes * distance / places, true));
  for (std::uint32_t distance = 1; distance < places; distance *= 2)
    doubling.push_back(exchange(places, n - places, distance, bytes * distance / places, false));
  if (kind == TransferKind::reduce_scatter) return halving;
  if (kind == TransferKind::all_gather) return doubling;
  halving.insert(halving.end(), doubling.begin(), doubling.end());
  return folded_around(n - places, bytes, std::move(halving));
}

}  // namespace orrery::models
