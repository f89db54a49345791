#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/run/job_times.h"
#include "models/run/run_scenario.h"

namespace orrery::models {

// A scenario amid the other jobs on its fabric (`jobs`).
struct JobsRun {
  Prepared main;  // alone: what the report needs of its programs, on the shared fabric
  // Amid the others. `ranks` are its own, a step of theirs the mean of those measured; `classes` are of all that ran
  // with it, over all of those steps.
  Simulated simulated;
  std::uint64_t ranks_simulated = 0;
  std::vector<JobTimes> jobs;  // the scenario itself first
  int repeats = 1;             // steps that `simulated.classes` measured together
};

// Asked for who hears of a run, just before it. Of `all` that runs, ranks and programs are the scenario's and then the
// other jobs', named by job; what else there is of a scenario is its own.
using Listen = std::function<Result<sim::TraceSink*>(const std::shared_ptr<const Prepared>& all)>;

// How to run jobs.
struct JobsOptions {
  SimulateOptions simulate;
  Listen listen;           // hears of the run that the scenario is measured in
  Drawing drawing;         // of what is known within intervals
  bool only_main = false;  // measure the scenario alone; `jobs` then has nobody else
};

// Jobs with another calibration than the scenario's on nodes like its own: those are one machine, and it was
// measured once. run_jobs refuses them.
Errors check_calibrations(const Scenario& scenario);

// Jobs start together and do their steps over and over. Each is measured in a run of
// its own, in which the others go on until it is done: over so many of its steps as
// last as long, alone, as the longest job's one, after as many that are not counted.
// Traffic of `simulated.ranks` is that of the scenario alone: it is the same amid others.
//
// Interrupted, `simulated` says so. Errors: jobs whose steps differ so much that no run spans both; the listener's.
Result<JobsRun> run_jobs(Scenario scenario, const JobsOptions& options = {});

}  // namespace orrery::models
