#pragma once

#include <vector>

#include "models/compile/pieces/piece_template.h"
#include "models/layout/layout.h"
#include "sim/base/id.h"

namespace orrery::models {

// What every rank is one of: its stage, for every kind of node that a stage is on, for every factor by which a
// straggler of that stage is slow, and for each place in a context-parallel or expert-parallel group where those
// differ, or among a stage's replicas where those are its own.
// `places`: of every rank in the layout.
IdVector<RankId, RankKind> rank_kinds(const Scenario& scenario, const Layout& layout,
                                      const std::vector<Coordinate>& places);

// Whether they are of one stage or another, and no more.
bool are_stages(const Scenario& scenario);

}  // namespace orrery::models
