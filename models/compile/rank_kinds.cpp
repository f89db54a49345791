#include "models/compile/rank_kinds.h"

#include "models/layout/context_split.h"

namespace orrery::models {

IdVector<RankId, RankKind> rank_kinds(const Scenario& s, const Layout& layout, const std::vector<Coordinate>& places) {
  const bool uneven = context_split(s.layout).uneven();
  const bool uneven_experts = s.model.moe && !s.model.moe->even();
  const bool own_replicas = !s.layout.stage_replicas.empty(), unlike_nodes = s.cluster.kinds() > 1;

  IdVector<RankId, RankKind> kinds(places.size());
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(places.size()); ++r) {
    RankKind& kind = kinds[{r}];
    kind.stage = places[r].pp;
    if (uneven) kind.context = places[r].cp;
    if (uneven_experts) kind.expert = layout.expert_coordinate({r}).ep;
    if (unlike_nodes) kind.node = s.cluster.kind_of({r});
    if (own_replicas) kind.replica = places[r].dp;
  }
  for (const Straggler& straggler : s.simulation.stragglers)
    if (straggler.rank < layout.ranks())
      kinds[{static_cast<std::uint32_t>(straggler.rank)}].slowdown = straggler.slowdown;
  return kinds;
}

}  // namespace orrery::models
