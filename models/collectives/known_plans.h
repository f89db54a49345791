#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/collectives/links/link_uses.h"
#include "sim/planner.h"

namespace orrery::models {

// Grows without moving what it holds, and asks for memory now and then.
template <class T>
class Shelf {
 public:
  T& add(T item) {
    constexpr std::size_t kBlock = 256;
    if (blocks_.empty() || blocks_.back().size() == kBlock) blocks_.emplace_back().reserve(kBlock);
    return blocks_.back().emplace_back(std::move(item));
  }

 private:
  std::vector<std::vector<T>> blocks_;
};

// What is known of one group of ranks, kept as long as the planner. Footprints
// are shared by all kinds and sizes with the same algorithm.
struct GroupPlans {
  struct Known {
    sim::TransferKind kind;
    Bytes bytes;
    const sim::TransferPlan* plan;
  };
  std::optional<Communicator> communicator;
  std::vector<std::pair<Traffic, TrafficFootprint>> footprints;
  std::optional<Footprint> unloaded;  // of a collective that fills no link
  std::optional<Footprint> host;      // of one rank
  std::vector<Known> known;
};

// Groups are looked up by the ranks themselves; the hash reads a few of them.
struct RanksHash {
  using is_transparent = void;
  std::size_t operator()(std::span<const RankId> ranks) const {
    if (ranks.empty()) return 0;
    std::uint64_t h = ranks.size();
    for (RankId r : {ranks.front(), ranks[ranks.size() / 3], ranks[ranks.size() / 2], ranks.back()})
      h = (h ^ r.value) * 0x9e3779b97f4a7c15, h ^= h >> 29;
    return h;
  }
  std::size_t operator()(const std::vector<RankId>& ranks) const { return (*this)(std::span(ranks)); }
};
struct RanksEqual {
  using is_transparent = void;
  bool operator()(std::span<const RankId> a, std::span<const RankId> b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
};
using PlansOfGroups = std::unordered_map<std::vector<RankId>, GroupPlans, RanksHash, RanksEqual>;

}  // namespace orrery::models
