#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Several jobs that share links, as one workload: its ranks are those of the first
// job, then those of the second, and so on.

struct PlacedJob {
  const Workload* workload = nullptr;  // its planner speaks of GPUs of the shared fabric, its links are those
  std::vector<RankId> gpu_of;          // where each of its ranks is
  int repeats = 1;                     // of its step, within one step of the whole
  std::string name;                    // before those of its programs, for people
};

// Links, categories and causes are the first job's: they must be the same in all.
// Claims are those of all jobs, of which may_join. Every job's transfers are planned by
// its own planner, asked for GPUs. Ends of steps, and what is measured in the last one,
// are of all `repeats` of a job.
Workload joined(std::span<const PlacedJob> jobs);

// Whether a plan's claim can name each of the claims of all jobs. Jobs with equal claims have them in common.
bool may_join(std::span<const PlacedJob> jobs);

// `times` steps of `program` as one: what waited for the step before waits for the
// copy before. One of them is `program` itself.
Program repeated(const Program& program, int times);

// What `repeats` steps in a row were on average: of the times in `summary`, which are
// of all of them. Picoseconds that do not divide count as bubble.
RankTime averaged(const RankTime& time, Duration whole, int repeats);

}  // namespace orrery::sim
