#pragma once

#include <string>
#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::models {

// One schedule beside others for the same model, ranks and micro-batches.
struct Compared {
  std::string name;
  std::string refused;  // why it cannot be had; empty: it can
  Schedule schedule;    // with costs, one for all virtual stages or one for each
  double unit = 1;      // of the table's times, in the unit of the costs
};

// Every schedule for (p, m), with `request.chunks` chunks where a schedule takes
// any number of them. The request's costs are of a rank's whole share of the
// model, so a chunk costs 1/v of them; a transfer costs what it costs.
std::vector<Compared> compare_all(const ScheduleRequest& request);

// A line a schedule: chunks, makespan, longest window, bubble over ideal, and per
// rank at most in flight until the input gradient and until the weight gradient,
// in rank shares of the model, so that numbers of different schedules compare.
// `csv`: the same with commas.
std::string comparison_table(const std::vector<Compared>& rows, bool csv);

}  // namespace orrery::models
