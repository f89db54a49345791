#pragma once

#include <vector>

#include "models/compile/pieces/piece_template.h"

namespace orrery::models {

struct StageContext;

using Chunks = std::vector<std::vector<PieceTemplate>>;  // the pieces of every model chunk of a rank

// Those of the context's rank, embedding and head with the ends.
Chunks make_chunks(StageContext& context);

}  // namespace orrery::models
