#include "models/compile/pieces/known_layers.h"

#include <algorithm>
#include <utility>

namespace orrery::models {

// Where stages have replicas of their own, scenarios differ.
KnownLayers::Key KnownLayers::key_of(const Scenario& scenario, RankKind rank, bool split) {
  if (scenario.layout.stage_replicas.empty()) rank.stage = rank.replica = 0;
  return {rank, split};
}

const PieceTemplate* KnownLayers::find(const Scenario& scenario, int layer, int layer_in_rank, bool split,
                                       const RankKind& rank) const {
  const auto of_kind = known_.find(key_of(scenario, rank, split));
  if (of_kind == known_.end()) return nullptr;
  const auto known = std::find_if(of_kind->second.begin(), of_kind->second.end(), [&](const Known& k) {
    return works_alike(scenario, layer, layer_in_rank, k.piece.layer, k.layer_in_rank);
  });
  return known == of_kind->second.end() ? nullptr : &known->piece;
}

const PieceTemplate& KnownLayers::add(const Scenario& scenario, PieceTemplate piece, int layer_in_rank, bool split,
                                      const RankKind& rank) {
  return known_[key_of(scenario, rank, split)].emplace_back(Known{std::move(piece), layer_in_rank}).piece;
}

}  // namespace orrery::models
