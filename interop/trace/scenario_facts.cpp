#include "interop/trace/scenario_facts.h"

#include <algorithm>

#include "models/layout/layout.h"

namespace orrery::interop {

FactsOfRank facts_of(const models::Scenario& scenario) {
  const auto gpus_per_node = static_cast<std::uint32_t>(std::max(1, scenario.cluster.gpus_per_node));
  return [layout = models::Layout(scenario.layout), cluster = scenario.cluster,
          gpus_per_node](std::uint32_t rank) -> std::optional<RankFacts> {
    if (rank >= static_cast<std::uint32_t>(layout.ranks())) return std::nullopt;  // of another job on its fabric
    const models::Coordinate at = layout.coordinate(RankId{rank});
    const models::ExpertCoordinate expert = layout.expert_coordinate(RankId{rank});
    const auto n = [](int value) { return static_cast<std::uint32_t>(value); };
    return RankFacts{{rank / gpus_per_node, n(at.pp), n(at.dp), n(at.cp), n(at.tp), n(expert.ep)},
                     cluster.gpu_of(cluster.kind_of(RankId{rank})).memory};
  };
}

}  // namespace orrery::interop
