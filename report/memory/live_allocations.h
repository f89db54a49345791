#pragma once

#include <string>
#include <vector>

#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::report {

// Allocations of one name that are live at a time.
struct LiveAllocation {
  std::string label;
  std::string cause;
  int count = 0;
  Bytes bytes;  // together
};

// The moment of a rank's peak.
struct PeakMoment {
  Duration into_step;
  std::string during;                // "F of micro-batch 3, chunk 1"; empty outside the schedule's actions
  std::vector<LiveAllocation> live;  // largest first; adds up to the peak
};

// What the rank holds at the moment of its peak, read off its program: allocations
// stand in the order in which its host issues them.
PeakMoment peak_moment(const sim::Workload& workload, RankId rank, const sim::RankSummary& summary);

}  // namespace orrery::report
