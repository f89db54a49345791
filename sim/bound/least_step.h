#pragma once

#include "sim/base/duration.h"
#include "sim/workload.h"

namespace orrery::sim {

// A lower bound of RunResult::step_time, found without a run: zero with jitter.
// Why none is shorter stands at the head of least_step.cpp.
Duration least_step(const Workload& workload);

}  // namespace orrery::sim
