#pragma once

#include "models/compile/pieces/piece_template.h"
#include "models/scenario/scenario.h"
#include "models/schedules/schedule.h"

namespace orrery::models {

// What a scenario's pipeline section asks for. Schedules that search go by what
// the stages cost (stage_costs) and, under a memory limit, by what they hold.
ScheduleRequest schedule_request(const Scenario& scenario, KernelTable& kernels);

// The order of a scenario's pipeline. Errors stand where the schedule was written.
Result<Schedule> schedule_of(const Scenario& scenario, KernelTable& kernels, LatestSchedule& latest);
Result<Schedule> schedule_of(const Scenario& scenario, KernelTable& kernels);

// The same scenario with another schedule and number of chunks, its layers dealt
// anew; no layers where there are more chunks than layers + 2.
void set_schedule(Scenario& scenario, std::string name, int chunks);

// Nanoseconds of every virtual stage by its kernels: embedding and head with the
// ends; collectives and transfers, which depend on who else uses the links, are
// left out. An overlapped slot is counted as its two passes. Where a stage's ranks are on
// unlike GPUs, the slowest's.
std::vector<ScheduleCosts> stage_costs(const Scenario& scenario, Placement placement, KernelTable& kernels);

// Nanoseconds of every piece of the model, forward and backward: [pipeline rank][embedding, each
// layer, head], on that rank's GPUs.
std::vector<std::vector<std::int64_t>> piece_costs(const Scenario& scenario, KernelTable& kernels);

}  // namespace orrery::models
