#pragma once

#include <optional>

#include "sim/base/duration.h"
#include "sim/workload.h"

namespace orrery::sim {

// Of the main stream of `rank`, from when its op `op` is over to the end of the step.

// At least: its kernels.
Duration least_work_behind(const Workload& workload, RankId rank, OpIndex op);

// At most, if all that it does or waits for there is local work of this step; none if there is a
// transfer, or a wait for one.
std::optional<Duration> most_work_behind(const Workload& workload, RankId rank, OpIndex op);

}  // namespace orrery::sim
