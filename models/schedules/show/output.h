#pragma once

#include <span>
#include <string>
#include <string_view>

#include "models/schedules/schedule.h"

namespace orrery::models {

// "F,I,W,COMM[,B[,OVERLAP]]": whole numbers of any one unit, not negative.
// B defaults to I+W, OVERLAP to F+B.
Result<ScheduleCosts> parse_schedule_costs(std::string_view text);

// "1p", "2p": so many forwards of a pipeline of `ranks` are the most that a rank holds.
Result<StageMemory> parse_forwards_limit(std::string_view text, int ranks);

// table, csv, json, svg, and what frameworks make of an order: lowered (PyTorch),
// deepspeed (1f1b), versions (of the weights; pipedream).
std::span<const std::string_view> schedule_formats();

// What `orrery schedule` prints, for the request's costs, in one of those formats.
Result<std::string> schedule_output(const ScheduleRequest& request, std::string_view format);

}  // namespace orrery::models
