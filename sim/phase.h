#pragma once

#include "sim/planner.h"

namespace orrery::sim {

// Whether a phase flows over links that others may want.
inline bool flows(const Phase& phase) {
  return phase.bytes.n > 0 && phase.uses && !phase.uses->empty();
}

// How long a phase takes behind its latency that shares nothing.
inline Duration own_time(const Phase& phase) {
  return phase.bytes.n > 0 && phase.max_rate.n > 0 ? phase.bytes / phase.max_rate : Duration();
}

}  // namespace orrery::sim
