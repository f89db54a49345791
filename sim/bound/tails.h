#pragma once

#include <optional>

#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/workload.h"

namespace orrery::sim {

// By rank: how long it takes at least from when its main stream begins a step until
// the last main stream ends that step, whatever the others have done before. None if not all
// ops are reached, which check() would have refused.
//
// Kernels take what they cost, transfers what they take alone: nothing in a run makes
// either shorter (jitter would; precondition: there is none). Then the tail of an op, the least
// time from its start to the end of the step, follows from the tails of what cannot start
// before it ends: the next op of its stream, ops that wait for it, and for a transfer what
// stands behind it on every rank that meets there. So streams are walked from their
// ends, meeting as they do in a run. Waits for the step before are left out; fewer waits make no
// tail longer. Precondition: calls meet nobody.
std::optional<IdVector<RankId, Duration>> tails(const Workload& workload);

}  // namespace orrery::sim
