#pragma once

#include <optional>

#include "sim/fold/fold.h"
#include "sim/fold/pattern.h"
#include "sim/fold/plans.h"

namespace orrery::sim {

// The workload of the classes. Nothing if two groups of one class of ranks could
// not be told apart by a planner (see FoldedPlans).
std::optional<Folded> quotient(const Workload& workload, const Pattern& pattern, const FlowPlans& plans);

}  // namespace orrery::sim
