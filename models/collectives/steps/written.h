#pragma once

#include <memory>
#include <string>

#include "models/collectives/steps/steps.h"
#include "sim/base/result.h"

namespace orrery::models {

// A collective as somebody wrote it down. Its bytes are shares of the message's size.
struct WrittenSteps {
  Steps steps;
  int ranks = 0;
  double bytes = 0;  // of a matrix: what the busiest rank has to send; else 0
};

// A CSV of steps: `step,from,to,share` and optionally `times`, one message a line.
// `share` is what is sent of the message's size: a number or a fraction (1/8). Steps
// are numbered from 0 without gaps; ranks are places in the group.
Result<std::shared_ptr<const WrittenSteps>> read_steps(const std::string& file);

// An all-to-all of uneven parts: line i holds what rank i sends to each rank, in bytes.
// The message's size is then that of the rank that sends most, its own part included.
Result<std::shared_ptr<const WrittenSteps>> read_byte_matrix(const std::string& file);

}  // namespace orrery::models
