#pragma once

#include "models/schedules/rules.h"

namespace orrery::models {

// Choices of the zero-bubble heuristic; see zb_heuristic.cpp. `if_worst`: only on a
// rank that would otherwise have waited longer than any other.
struct ZbOptions {
  bool fill_before_first_backward = false;  // warm-up may hold up the first backward by a part of a forward
  bool backward_first = false;              // a forward that arrives after a backward lets it pass
  enum class Overrun { always, if_worst, never } overrun = Overrun::always;  // W in a wait that is too short for it
  // Warm-up of so many forwards more on each rank than on the one behind it, in
  // quarters; 0: as many as end before the first gradient.
  int warm_up_slope = 0;
};

// Orders of F, I and W for one stage a rank by its costs within its memory, or
// none if the memory does not let a micro-batch through.
Orders zb_heuristic(const ScheduleRequest& request, const ZbOptions& options);

// Memory of a stage as the request gives it; without one, 1F1B's: p forwards.
StageMemory memory_of(const ScheduleRequest& request, int stage);

}  // namespace orrery::models
