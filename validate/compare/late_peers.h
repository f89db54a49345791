#pragma once

#include <vector>

#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::validate {

// Says when the last of its participants came to every transfer (Span::met), from when each came (Span::start): what
// no process of a run knows of the others. Spans are of whole steps, one clock for all.
void tell_late_peers(const sim::Workload& workload, std::vector<sim::Span>& spans);

}  // namespace orrery::validate
