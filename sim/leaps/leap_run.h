#pragma once

#include <atomic>
#include <optional>

#include "sim/leaps/leap_memory.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// A run in leaps: the same as the engine's, to the picosecond, but that its events are the phases of its transfers.
//
// Where ranks have one stream that meets others, and beside it only launches that nothing slows, they have nothing to
// do with each other between transfers. So each goes from the end of its transfers to the next that it enters in one
// leap. Only transfers that slow each other need a clock.
//
// Nothing if ranks cannot leap (Tracks::suit), for a run that gets stuck, since the engine says why, and once `stop` is
// set. `memory`: of runs before. Precondition: no jitter.
std::optional<RunResult> leap_run(const Workload& workload, const std::atomic<bool>* stop = nullptr,
                                  LeapMemory* memory = nullptr);

}  // namespace orrery::sim
