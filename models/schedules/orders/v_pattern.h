#pragma once

#include <array>
#include <vector>

#include "models/schedules/rules.h"

namespace orrery::models {

// Where the passes of micro-batch 0 stand on one rank, in slots of one pass: the
// forwards through chunk 0 and 1, the backwards through chunk 1 and 0. Micro-batch
// k stands 6k slots later: six passes a micro-batch keep a rank busy.
struct VPattern {
  int f0 = 0, f1 = 0, b1 = 0, b0 = 0;
};

// A V-shaped order from a pattern that repeats (Qi et al., "Pipeline Parallelism
// with Controllable Memory", arXiv:2405.15362). What limits a rank's memory is how
// long the pattern holds a micro-batch; the warm-up and the end of it are then
// pulled earlier as far as the pattern's own peak of memory allows.
//
// `split`: the backward gives the input gradient alone, and weight gradients fill
// the slots that the pattern leaves; else a backward takes two slots.
Orders v_pattern_orders(const ScheduleRequest& request, const std::vector<VPattern>& pattern, bool split);

}  // namespace orrery::models
