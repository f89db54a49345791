#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "models/layout/layout.h"
#include "models/scenario/scenario.h"
#include "models/schedules/schedule.h"
#include "sim/workload.h"
#include "topology/fabric.h"

namespace orrery::models {

// Categories of a rank's time; the order is that of Workload::categories.
enum class TimeCategory : std::uint8_t { compute, recompute, tp, cp, ep, pp, dp, optimizer, offload, host, other };
inline constexpr int kTimeCategories = 11;

// Causes of memory; the order is that of Workload::causes.
enum class MemoryCause : std::uint8_t { parameters, gradients, optimizer, activations, buffers };
inline constexpr int kMemoryCauses = 5;

// What of a calibration went into a workload: how many of its different kernels are
// timed how.
struct CalibrationUse {
  std::string file;
  int measured = 0;        // as they were timed
  int corrected = 0;       // by a curve and the kernels near by that were timed
  int by_curve = 0;        // by a curve alone
  bool transfers = false;  // it times transfers too, which nothing uses yet
};

// A scenario as programs, with what is needed to read the result.
struct Compiled {
  sim::Workload workload;
  std::shared_ptr<const topology::Fabric> fabric;
  std::vector<Kernel> kernels;              // Note::kernel indexes this
  std::vector<std::vector<Bytes>> tensors;  // Buffer::parts indexes this
  std::vector<int> stage_of_program;        // pipeline rank of each program
  Schedule schedule;
  std::optional<CalibrationUse> calibration;
};

Result<Compiled> compile(const Scenario& scenario);

}  // namespace orrery::models
