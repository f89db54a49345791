#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "sim/run_result.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::validate {

// What one rank did in the last step of a trace.
struct RankObservation {
  Duration step;
  // As sim::RankTime, with two differences that spans alone cannot tell: a group of
  // sends and receives counts as met from its first meeting on, and a wait for a
  // peer that itself waits for the pipeline stays `late`.
  sim::RankTime time;
  Bytes peak;  // of the whole trace, by allocations and frees
};

// Time in ops of one kind ("gemm", "all-reduce"), over all ranks and streams of
// the last step; of transfers, from meeting to end.
struct ClassTime {
  std::string name;
  Duration time;
  std::int64_t count = 0;
};

// Between the ends of consecutive steps, of the latest rank.
struct ObservedStep {
  Duration time;
  bool is_whole = true;  // every op of it was timed; else its end alone
};

struct Observation {
  std::vector<ObservedStep> steps;
  std::vector<RankObservation> ranks;
  std::vector<ClassTime> classes;  // by name
};

// Reads a trace that holds every op of every rank, of early steps perhaps their ends
// alone: simulated or measured, by the same rules.
Observation observe(const sim::Workload& workload, std::span<const models::Kernel> kernels,
                    const std::vector<sim::Span>& spans);

// Takes time on a device: a kernel or a transfer.
bool is_timed(const sim::Op& op);

}  // namespace orrery::validate
