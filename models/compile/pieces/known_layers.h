#pragma once

#include <deque>
#include <map>

#include "models/compile/pieces/piece_template.h"

namespace orrery::models {

// Templates of layers, found once for all stages: most layers of a model are alike.
//
// They are of one scenario, and name its tables of kernels and tensors. Their labels are no program's yet.
class KnownLayers {
 public:
  // Null: none that works like `layer` of `rank` is known.
  const PieceTemplate* find(const Scenario& scenario, int layer, int layer_in_rank, bool split,
                            const RankKind& rank) const;
  const PieceTemplate& add(const Scenario& scenario, PieceTemplate piece, int layer_in_rank, bool split,
                           const RankKind& rank);

 private:
  struct Known {
    PieceTemplate piece;
    int layer_in_rank;
  };
  using Key = std::pair<RankKind, bool>;  // who does the same with a layer wherever it stands
  static Key key_of(const Scenario& scenario, RankKind rank, bool split);

  std::map<Key, std::deque<Known>> known_;
};

}  // namespace orrery::models
