#include "models/compile/rank_kinds.h"

#include <map>

#include "models/layout/context_split.h"

namespace orrery::models {

IdVector<RankId, RankKind> rank_kinds(const Scenario& s, const Layout& layout) {
  std::map<std::uint32_t, double> slow;
  for (const Straggler& straggler : s.simulation.stragglers)
    slow[static_cast<std::uint32_t>(straggler.rank)] = straggler.slowdown;
  const bool uneven = context_split(s.layout).uneven();
  const bool uneven_experts = s.model.moe && !s.model.moe->even();

  IdVector<RankId, RankKind> kinds;
  kinds.reserve(static_cast<std::size_t>(layout.ranks()));
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(layout.ranks()); ++r) {
    const auto found = slow.find(r);
    const Coordinate at = layout.coordinate({r});
    kinds.add({at.pp, found == slow.end() ? 1.0 : found->second, uneven ? at.cp : 0,
               uneven_experts ? layout.expert_coordinate({r}).ep : 0, s.cluster.kind_of({r}),
               s.layout.stage_replicas.empty() ? 0 : at.dp});
  }
  return kinds;
}

}  // namespace orrery::models
