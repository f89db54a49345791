#pragma once

#include <string>
#include <string_view>

#include "models/schedules/schedule.h"

namespace orrery::models {

// "5B2": stage, type, micro-batch; "(3F6;0B0)OVERLAP_F_B" for an overlapped slot.
// The notation of PyTorch's schedule files.
std::string to_string(const Action& action);

// One line per rank, in rank order; cells are actions in the order of execution.
std::string schedule_csv(const Schedule& schedule);

// An order that somebody wrote, in the file that `request.name` says: the notation
// above, or the older one of PyTorch's golden files, where `B` is the backward for
// inputs beside `W`, and `BW` the full one. Sends, receives and what FSDP does
// between actions are skipped: they follow from the order. Stages must stand in
// one of the placements we know. Sizes of the request that are above 1 must agree
// with the file; so the request {.name = path} takes what it finds.
//
// Refused, each with file:line:column: cells that are no action, passes that are
// missing or doubled, stages on ranks that fit no placement, orders that deadlock.
Result<Schedule> read_order(const ScheduleRequest& request);
Result<Schedule> parse_order(std::string_view text, const ScheduleRequest& request);

}  // namespace orrery::models
