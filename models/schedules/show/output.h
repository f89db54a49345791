#pragma once

#include <string>
#include <string_view>

#include "models/schedules/schedule.h"

namespace orrery::models {

// "F,I,W,COMM[,B[,OVERLAP]]": whole numbers of any one unit, not negative.
// B defaults to I+W, OVERLAP to F+B.
Result<ScheduleCosts> parse_schedule_costs(std::string_view text);

// "1p", "2p": so many forwards of a pipeline of `ranks` are the most that a rank holds.
Result<StageMemory> parse_forwards_limit(std::string_view text, int ranks);

// What `orrery schedule` prints, for the request's costs: `format` is csv, json, table or svg.
Result<std::string> schedule_output(const ScheduleRequest& request, std::string_view format);

}  // namespace orrery::models
