#pragma once

#include <optional>
#include <string>
#include <vector>

#include "validate/compare/observation.h"

namespace orrery::validate {

// A predicted and a measured figure, in seconds, bytes or shares of a step.
struct Compared {
  double predicted = 0, measured = 0;

  // Signed, of the measured one; none where nothing was measured.
  std::optional<double> error() const;
};

struct ComparedRank {
  RankId rank;
  Compared step_s, busy_s, exposed_s, late_s, bubble_s, peak_bytes;
  double order_tau = 1;  // of op starts
};

struct ComparedClass {
  std::string name;
  std::int64_t count = 0;
  Compared time_s;
};

// A prediction beside what was measured; signed errors are predicted/measured - 1.
struct Comparison {
  // Predicted: the last step; measured: the median of all but the first, of those whose ops were not
  // timed where there are any.
  Compared step_s;
  double measured_low_s = 0, measured_high_s = 0;  // the range of those steps
  int measured_steps = 0;
  std::optional<double> timing_cost;  // by how much longer steps took whose ops were timed, as a share
  Compared bubble_fraction;           // mean over ranks of (bubble + late) / step
  Compared exposed_s;                 // communication that nothing hides, mean over ranks
  Compared peak_bytes;                // of the largest rank
  // Of a run that allocated: what the allocator of a rank holds at most, and what its GPU holds beside that and
  // operands of kernels (by the driver's own count).
  std::optional<Compared> reserved_bytes, runtime_bytes;
  double order_tau = 1;  // the lowest of the ranks'
  std::vector<ComparedRank> ranks;
  std::vector<ComparedClass> classes;

  // The largest of the errors that a validation is held to: step and peak.
  double worst_error() const;
};

// A rank whose own work took longer than that of the others, each against its prediction.
struct SlowRank {
  RankId rank;
  double times = 1;
};
// Those by more than a tenth.
std::vector<SlowRank> slow_ranks(const Comparison& comparison);

// Both traces hold every op of every rank of `workload`.
Comparison compare(const sim::Workload& workload, std::span<const models::Kernel> kernels,
                   const std::vector<sim::Span>& predicted, const std::vector<sim::Span>& measured);

}  // namespace orrery::validate
