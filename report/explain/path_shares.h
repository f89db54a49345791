#pragma once

#include "report/explain/explain.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::report {

// Fills the critical path of the measured step into `explanation`: by category,
// the `at_most` longest names, of all ops and of transfers alone, and the slack
// of the transfers that have least.
void fill_path(const sim::Workload& workload, const sim::Trace& trace, std::size_t at_most, Explanation& explanation);

// The path of `steps` steps as that of a mean one: times and counts of each.
void make_mean(Explanation& explanation, int steps);

}  // namespace orrery::report
