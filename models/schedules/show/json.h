#pragma once

#include <string>

#include "models/schedules/schedule.h"

namespace orrery::models {

// The result of a schedule as one JSON document: makespan, longest_rank_window,
// bubble_ratio, and per rank idle_inside_window, busy, peak_in_flight (forwards
// until I or B ends) and peak_in_flight_weights (until W or B ends). Times are
// integers in the unit of the request's costs, one entry of `costs` for all stages or for each.
std::string schedule_json(const Schedule& schedule, const ScheduleTimes& times);

}  // namespace orrery::models
