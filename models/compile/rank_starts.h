#pragma once

#include "models/compile/compile.h"
#include "models/memory/rank_start.h"
#include "sim/base/id.h"

namespace orrery::models {

// Of every rank. Of the start-ups of its program a rank has that of its place among those that share its states, so
// that together they are all that the prediction has looked at.
IdVector<RankId, RankStart> rank_starts(const Scenario& scenario, const Compiled& compiled);

}  // namespace orrery::models
