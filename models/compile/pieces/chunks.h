#pragma once

#include <vector>

#include "models/compile/pieces/piece_template.h"
#include "models/memory/states.h"

namespace orrery::models {

struct StageContext;

using Chunks = std::vector<std::vector<PieceTemplate>>;  // the pieces of every model chunk of a rank

// Those of the context's rank, embedding and head with the ends.
Chunks make_chunks(StageContext& context);

// What the rank holds for their parameters from before the first step on; of the weights one version.
StateBytes states_of(const StageContext& context, const Chunks& chunks);

}  // namespace orrery::models
