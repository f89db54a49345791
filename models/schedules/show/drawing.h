#pragma once

#include <string>

#include "models/schedules/schedule.h"

namespace orrery::models {

// A timeline for a terminal: one line per rank, time to the right, every action
// with its name ("5B2") padded by '-' to its length, idle time as '.'.
//
//   rank 0  0F0 0F1 ... ... 0B0---- 0B1----
//
// Drawn to scale, with the shortest action just wide enough for its name; a line
// that would be longer than `max_columns` is squeezed, and names that no longer
// fit become their letter.
std::string draw_text(const Schedule& schedule, const ScheduleTimes& times, int max_columns = 2'000);

// The same as a stand-alone SVG: forwards blue, backwards green (input gradient
// lighter, weight gradient darker), one shade per model chunk.
std::string draw_svg(const Schedule& schedule, const ScheduleTimes& times);

}  // namespace orrery::models
