#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/compile/compile.h"
#include "models/scenario/reader.h"
#include "sim/fold/fold.h"
#include "sim/run_result.h"
#include "sim/trace/trace.h"

namespace orrery::models {

// A fault of ours that no input should reach: exit status 6.
struct InternalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A scenario as programs, with one rank for every set of equal ones where that is allowed.
struct Prepared {
  Scenario scenario;
  Compiled compiled;
  std::optional<sim::Folded> folded;

  const sim::Workload& workload() const { return folded ? folded->workload : compiled.workload; }
  // The simulated rank that stands for `rank`.
  RankId simulated(RankId rank) const { return folded ? folded->class_of[rank] : rank; }
  // Whether a simulated rank is the scenario's, and not of another job in the same run (models/run/jobs.h).
  bool is_own(RankId simulated) const {
    return workload().program_of[simulated].value < compiled.stage_of_program.size();
  }
};

// Compiles, for GPUs of `fabric` or a cluster of its own; what has no place of its own is told of the file.
Result<Compiled> compile_placed(const Scenario& scenario, const std::string& file,
                                std::shared_ptr<const topology::Fabric> fabric = nullptr, const Drawing& drawing = {},
                                Form form = Form::written_out, Workbench* bench = nullptr);

// Hears of each part of the work when it is done.
using Tell = std::function<void(const std::string&)>;

// Reads, compiles, folds and checks. Errors are the user's.
Result<Prepared> prepare(const std::string& file, const std::vector<Override>& overrides, const Tell& tell = {});
Result<Prepared> prepare(Scenario scenario, const Tell& tell = {}, Form form = Form::written_out);  // one that was read
Prepared prepare(Scenario scenario, Compiled compiled, const Tell& tell = {}, Workbench* bench = nullptr);

struct SimulateOptions {
  sim::TraceSink* trace = nullptr;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double)> progress;
  Workbench* bench = nullptr;  // that it was prepared on
};

struct Simulated {
  sim::RunResult classes;  // of the workload that ran
  sim::RunResult ranks;    // of every rank
};

// Runs it. Interrupted or stuck, it gives what there is of `classes` alone.
Simulated simulate(const Prepared& prepared, const SimulateOptions& options = {});

// One rank of every pipeline stage of the workload that runs: the first that does its work.
std::vector<RankId> one_rank_a_stage(const Prepared& prepared);

// A program that cannot go on is our fault: throws InternalError with the chain of waits.
void throw_if_stuck(const Simulated& simulated);

}  // namespace orrery::models
