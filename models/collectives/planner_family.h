#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/collectives/links/link_uses.h"
#include "models/collectives/nccl/choice.h"
#include "models/scenario/scenario.h"
#include "topology/fabric.h"

namespace orrery::models {

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
template <class T>
using ByRanks = std::unordered_map<std::vector<RankId>, T, RanksHash, RanksEqual>;

// What is known of one group of ranks, whatever it transfers. Footprints are shared by all kinds and sizes with the
// same algorithm.
struct GroupFacts {
  std::optional<Communicator> communicator;
  std::vector<std::pair<sim::TransferKind, std::vector<Choice>>> choices;
  std::vector<std::pair<Traffic, TrafficFootprint>> footprints;
  std::optional<Footprint> unloaded;            // of a collective that fills no link
  std::optional<Footprint> to_host, from_host;  // of one rank
};

// What plans hang on beside the ranks, kinds and sizes of transfers, and what was measured.
struct PlannerSettings {
  std::shared_ptr<const topology::Fabric> fabric;
  Network network = Network::flow;
  std::shared_ptr<const CollectiveFacts> facts;
  Forced forced;
  bool operator==(const PlannerSettings&) const = default;
};

// What planners of the same settings have in common, kept from the one to the next. Not to be shared among threads.
struct PlannerFamily {
  explicit PlannerFamily(PlannerSettings of)
      : settings(std::move(of)),
        sites(settings.fabric->cluster(), settings.facts),
        make_footprints(*settings.fabric, settings.forced.laid) {}

  const PlannerSettings settings;
  const Sites sites;
  FootprintMaker make_footprints;
  ByRanks<GroupFacts> groups;  // that plans were made for
};

}  // namespace orrery::models
