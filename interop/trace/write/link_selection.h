#pragma once

#include <span>
#include <vector>

#include "sim/workload.h"

namespace orrery::interop {

// The links, by id, that transfers of `ranks` load. Every link where the
// workload has no planner to ask.
std::vector<bool> links_used_by(const sim::Workload& workload, std::span<const RankId> ranks);

}  // namespace orrery::interop
