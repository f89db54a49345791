#include "models/compile/rank_kinds.h"

#include "models/layout/context_split.h"

namespace orrery::models {
namespace {

// What sets ranks of a stage apart.
struct Differences {
  explicit Differences(const Scenario& s)
      : context(context_split(s.layout).uneven()),
        experts(s.model.moe && !s.model.moe->even()),
        replicas(!s.layout.stage_replicas.empty()),
        nodes(s.cluster.kinds() > 1) {}

  bool context, experts, replicas, nodes;
};

}  // namespace

bool are_stages(const Scenario& s) {
  const Differences of_ranks(s);
  return !of_ranks.context && !of_ranks.experts && !of_ranks.replicas && !of_ranks.nodes &&
         s.simulation.stragglers.empty();
}

IdVector<RankId, RankKind> rank_kinds(const Scenario& s, const Layout& layout, const std::vector<Coordinate>& places) {
  const Differences of_ranks(s);
  IdVector<RankId, RankKind> kinds(places.size());
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(places.size()); ++r) {
    RankKind& kind = kinds[{r}];
    kind.stage = places[r].pp;
    if (of_ranks.context) kind.context = places[r].cp;
    if (of_ranks.experts) kind.expert = layout.expert_coordinate({r}).ep;
    if (of_ranks.nodes) kind.node = s.cluster.kind_of({r});
    if (of_ranks.replicas) kind.replica = places[r].dp;
  }
  for (const Straggler& straggler : s.simulation.stragglers)
    if (straggler.rank < layout.ranks())
      kinds[{static_cast<std::uint32_t>(straggler.rank)}].slowdown = straggler.slowdown;
  return kinds;
}

}  // namespace orrery::models
