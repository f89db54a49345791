#pragma once

#include <string>

#include "models/schedules/schedule.h"

namespace orrery::models {

// What frameworks turn an order into, in the form in which they print it; for
// people who compare a run's log with the order that they meant.

// The order with explicit sends and receives by PyTorch's rule: neighbouring I and
// W of a stage and micro-batch become B; ranks are walked in turn, an action runs
// when its input is local or already received, and its output is sent and received
// at once. One line per rank; `2RECV_F0` names the receiving stage.
std::string lowered_csv(const Schedule& schedule);

// DeepSpeed's PipeSchedule: `stage,step,instructions`, buffers included.
std::string deepspeed_train_csv(int stages, int micro_batches);
std::string deepspeed_inference_csv(int stages, int micro_batches);

// Version of the weights that each of the first `count` mini-batches (pipedream)
// or micro-batches (pipedream-2bw, `micro_batches` an update) sees on each stage, in
// its forward and its backward, and how many versions the stage keeps at most.
std::string pipedream_versions_csv(int stages, int count);
std::string pipedream_2bw_versions_csv(int stages, int micro_batches, int count);

}  // namespace orrery::models
