#pragma once

#include <atomic>
#include <optional>

#include "sim/leaps/legs/tracks.h"
#include "sim/run_result.h"

namespace orrery::sim {

// A run in which transfers slow each other where they want the same links at one time, which takes a clock. Nothing for
// a run that gets stuck, or for something else the engine has to look at; and once `stop` is set.
std::optional<RunResult> clocked_run(const Workload& workload, const Tracks& tracks, const std::atomic<bool>* stop);

}  // namespace orrery::sim
