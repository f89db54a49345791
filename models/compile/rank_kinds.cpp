#include "models/compile/rank_kinds.h"

#include "models/layout/context_split.h"

namespace orrery::models {

IdVector<RankId, RankKind> rank_kinds(const Scenario& s, const Layout& layout) {
  const bool uneven = context_split(s.layout).uneven();
  const bool uneven_experts = s.model.moe && !s.model.moe->even();

  IdVector<RankId, RankKind> kinds;
  kinds.reserve(static_cast<std::size_t>(layout.ranks()));
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(layout.ranks()); ++r) {
    const Coordinate at = layout.coordinate({r});
    kinds.add({at.pp, 1.0, uneven ? at.cp : 0, uneven_experts ? layout.expert_coordinate({r}).ep : 0,
               s.cluster.kind_of({r}), s.layout.stage_replicas.empty() ? 0 : at.dp});
  }
  for (const Straggler& straggler : s.simulation.stragglers)
    if (straggler.rank < layout.ranks())
      kinds[{static_cast<std::uint32_t>(straggler.rank)}].slowdown = straggler.slowdown;
  return kinds;
}

}  // namespace orrery::models
