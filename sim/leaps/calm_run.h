#pragma once

#include <atomic>
#include <optional>

#include "sim/leaps/meet/meeting_order.h"
#include "sim/network/flow_net.h"
#include "sim/run_result.h"

namespace orrery::sim {

// A run in which no transfer slows another: then each ends when it would end alone, and no clock is needed. Nothing if
// one may slow another after all, or for something the engine has to look at; and once `stop` is set.
std::optional<RunResult> calm_run(const Workload& workload, const Tracks& tracks, const MeetingOrder& order,
                                  const FlowNet& network, const std::atomic<bool>* stop);

}  // namespace orrery::sim
