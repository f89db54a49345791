#pragma once

#include "models/schedules/rules.h"

namespace orrery::models {

struct ZbExact {
  Orders orders;        // empty: none has a shorter window than was asked for
  bool proven = false;  // else the search gave up after `nodes` decisions
};

// Among all orders of F, I and W within the request's memory, run as soon as they
// can be, one with the shortest of the longest rank windows, if that is below
// `window`. Branch and bound: for small cases, such as 4 ranks and 6 micro-batches.
ZbExact zb_exact(const ScheduleRequest& request, std::int64_t window, std::int64_t nodes);

}  // namespace orrery::models
