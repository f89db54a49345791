#pragma once

#include <string>

#include "models/schedules/schedule.h"

namespace orrery::models {

// "5B2": stage, type, micro-batch. The notation of PyTorch's schedule files.
std::string to_string(const Action& action);

// One line per rank, in rank order; cells are actions in the order of execution.
std::string schedule_csv(const Schedule& schedule);

}  // namespace orrery::models
