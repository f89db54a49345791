#include "sim/contention.h"

#include <algorithm>

namespace orrery::sim {

Speeds::Speeds(const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    claims_.push_back(claim.slowdown_permille);
    const Slowdown& s = claim.slowdown_permille;
    matters_.push_back(std::any_of(s.begin(), s.end(), [](std::uint32_t p) { return p > 0; }));
  }
  index(Slowdown{});  // kFullSpeed
}

SpeedIndex Speeds::plus(SpeedIndex speed, std::uint8_t claim) {
  Slowdown sum = known_[speed];
  for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += claims_[claim][c];
  return index(sum);
}

SpeedIndex Speeds::minus(SpeedIndex speed, std::uint8_t claim) {
  Slowdown sum = known_[speed];
  for (std::size_t c = 0; c < sum.size(); ++c) sum[c] -= claims_[claim][c];
  return index(sum);
}

SpeedIndex Speeds::index(const Slowdown& slowdown) {
  const auto [it, is_new] = index_.emplace(slowdown, static_cast<SpeedIndex>(known_.size()));
  if (is_new) known_.push_back(slowdown);
  return it->second;
}

}  // namespace orrery::sim
