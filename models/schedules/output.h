#pragma once

#include <string>
#include <string_view>

#include "models/schedules/schedule.h"

namespace orrery::models {

// "F,I,W,COMM[,B[,OVERLAP]]": whole numbers of any one unit, not negative.
// B defaults to I+W, OVERLAP to F+B.
Result<ScheduleCosts> parse_schedule_costs(std::string_view text);

// What `orrery schedule` prints: `format` is csv, json, table or svg.
Result<std::string> schedule_output(const ScheduleRequest& request, const ScheduleCosts& costs,
                                    std::string_view format);

}  // namespace orrery::models
