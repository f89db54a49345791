#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/architecture/flops.h"
#include "models/compile/compile.h"
#include "models/run/job_times.h"
#include "models/scenario/scenario.h"
#include "sim/run_result.h"

namespace orrery::report {

// Where the step goes: the mean over ranks. Whole picoseconds, so that the parts
// add up to the step exactly (docs/report.md says what counts where).
struct TimeParts {
  Duration compute, recompute, exposed_tp, exposed_cp, exposed_ep, exposed_pp, exposed_dp, bubble, optimizer, offload,
      host, other;

  struct Part {
    const char* key;    // in the result: "exposed_tp_s"
    const char* label;  // for people
    Duration TimeParts::*member;
  };
  static std::span<const Part> all();
  Duration total() const;
};

// Memory of the largest rank of a pipeline stage at the moment of its peak.
struct StageMemory {
  int stage = 0;
  RankId rank;
  Bytes capacity;  // of that rank's GPU
  Bytes peak, parameters, gradients, optimizer, activations, buffers, reserved;
  int in_flight_micro_batches = 0;  // most forwards of one rank whose backward is still to come, over its chunks
};

struct Memory {
  Bytes capacity, peak, reserved, runtime;  // capacity and reserved: of the GPU with least left
  bool fits = false;                        // reserved + runtime <= capacity
  std::vector<StageMemory> stages;

  Bytes headroom() const { return capacity - reserved - runtime; }
};

// Links that carry the same bytes over the same capacity, told once.
struct BusyLink {
  std::string name;  // of the first of them
  std::string kind;
  int alike = 1;  // how many there are
  BytesPerSecond capacity;
  Bytes bytes;             // each, over the step
  double utilisation = 0;  // bytes / (capacity x step)
  Duration busy;           // time with at least one transfer
};

struct Convention {
  std::string name;
  Flops model_flops;
  double model_tflops_per_gpu = 0;
  double mfu = 0;
};

struct Published {
  models::PublishedValue measured;
  std::optional<double> predicted;  // none: the metric is no numeric path of the result
};

// Between which step times nine in ten of `draws` runs lie, each with times drawn
// from what they are known within.
struct StepInterval {
  int draws = 0;
  Duration low, high;  // 5th and 95th percentile
};

// The same of a job on a fabric with others, and of its slowdown.
struct JobInterval {
  StepInterval step;
  double slowdown_low = 1, slowdown_high = 1;
};

// Everything that `orrery run` says about a scenario; the contract's section 3.
struct Result {
  std::string scenario;  // its name
  std::string file;
  Digest digest;
  models::LayoutSpec layout;
  std::string schedule;  // "interleaved-1f1b, 8 chunks a rank, 32 micro-batches"
  std::string gpu;       // "a100-sxm-80gb + h100-sxm-80gb" where nodes are unlike
  int gpus = 0;

  Duration step_time;
  double tokens_per_s = 0, samples_per_s = 0;
  Flops model_flops, hardware_flops;
  double model_tflops_per_gpu = 0, mfu = 0, hfu = 0;
  FlopsPerSecond peak;  // what mfu and hfu divide by: one GPU, the mean where they are unlike
  std::string peak_dtype;
  std::vector<Convention> conventions;

  TimeParts time;
  Memory memory;
  std::vector<std::pair<std::string, Bytes>> bytes_by_link_kind;
  std::vector<BusyLink> busiest_links;

  std::uint64_t ranks_simulated = 0, ops = 0, events = 0;
  double wall_s = 0;
  std::vector<std::string> defaults_used, warnings;
  std::vector<std::string> assumptions;  // what the times and the memory rest on, besides warnings
  std::vector<Published> published;
  std::optional<models::CalibrationUse> calibration;
  std::optional<StepInterval> step_interval;
  std::vector<models::JobTimes> jobs;      // on the same fabric, this one first; none where it is alone
  std::vector<JobInterval> job_intervals;  // of each of them, or none

  double bubble_fraction() const;
};

// What the way from a scenario to a result leaves behind.
struct RunInputs {
  const models::Scenario& scenario;
  const models::Compiled& compiled;
  const sim::RunResult& run;  // of every rank: unfolded
  std::uint64_t ranks_simulated = 0;
  double wall_s = 0;
};

Result make_result(const RunInputs& inputs);
// Its figures alone, for those who ask many runs: times, rates, memory and what it took, without links, words, and what
// others say.
Result figures_of(const RunInputs& inputs);

// What to know before its figures are relied on.
std::vector<std::string> warnings_of(const models::Scenario& scenario, const models::Compiled& compiled);

// Parts of it, each a question to the run.
TimeParts mean_time(const sim::RunResult& run);
std::vector<TimeParts> stage_times(const RunInputs& inputs);  // mean over the ranks of each pipeline stage
Memory memory_of(const RunInputs& inputs);
std::vector<int> in_flight_by_stage(const models::Schedule& schedule);
std::string calibration_line(const models::CalibrationUse& use);  // what of it times what
std::vector<std::string> assumptions_of(const models::Scenario& scenario, const models::Compiled& compiled);
std::vector<BusyLink> busiest_links(const RunInputs& inputs, std::size_t at_most);

}  // namespace orrery::report
