#include "sim/network/contention.h"

#include <algorithm>

namespace orrery::sim {

Speeds::Speeds(const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    claims_.push_back(claim.slowdown_permille);
    const Slowdown& s = claim.slowdown_permille;
    matters_.push_back(std::any_of(s.begin(), s.end(), [](std::uint32_t p) { return p > 0; }));
    for (std::size_t c = 0; c < s.size(); ++c) felt_[c] = felt_[c] || s[c] > 0;
  }
  index(Slowdown{});  // kFullSpeed
}

Speeds::Neighbours& Speeds::neighbours(SpeedIndex speed, std::uint8_t claim) {
  return neighbours_[speed * claims_.size() + claim];
}

SpeedIndex Speeds::plus(SpeedIndex speed, std::uint8_t claim) {
  if (const SpeedIndex found = neighbours(speed, claim).plus; found != kUnknown) return found;
  Slowdown sum = known_[speed];
  for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += claims_[claim][c];
  const SpeedIndex found = index(sum);
  return neighbours(speed, claim).plus = found;
}

SpeedIndex Speeds::minus(SpeedIndex speed, std::uint8_t claim) {
  if (const SpeedIndex found = neighbours(speed, claim).minus; found != kUnknown) return found;
  Slowdown sum = known_[speed];
  for (std::size_t c = 0; c < sum.size(); ++c) sum[c] -= claims_[claim][c];
  const SpeedIndex found = index(sum);
  return neighbours(speed, claim).minus = found;
}

SpeedIndex Speeds::index(const Slowdown& slowdown) {
  const auto [it, is_new] = index_.emplace(slowdown, static_cast<SpeedIndex>(known_.size()));
  if (is_new) {
    known_.push_back(slowdown);
    neighbours_.resize(known_.size() * claims_.size());
  }
  return it->second;
}

}  // namespace orrery::sim
