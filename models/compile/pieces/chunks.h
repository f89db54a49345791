#pragma once

#include <functional>
#include <map>
#include <vector>

#include "models/compile/pieces/piece_template.h"
#include "models/memory/states.h"

namespace orrery::models {

struct StageContext;

using Chunks = std::vector<std::vector<PieceTemplate>>;  // the pieces of every model chunk of a rank

// Those of the context's rank, embedding and head with the ends.
Chunks make_chunks(StageContext& context);

// The same one by one, chunk by chunk, as they are found: without labels, and of layers that work alike the first
// speaks for all (PieceTemplate::layer is its own). Pieces stay where they are until the call is over.
using SeePiece = std::function<void(int chunk, const PieceTemplate& piece, int layer)>;
void each_piece(StageContext& context, const SeePiece& see);

// What a rank holds for its pieces' parameters from before the first step on; of the weights one version.
class HeldStates {
 public:
  void add(const PieceTemplate& piece);
  StateBytes states(const StageContext& context) const;

 private:
  std::map<int, HeldParameters> held_;  // by tensor-parallel degree: replicas differ
};

}  // namespace orrery::models
