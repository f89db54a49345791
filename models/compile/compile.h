#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/drawing.h"
#include "models/compute/kernel.h"
#include "models/layout/layout.h"
#include "models/memory/cause.h"
#include "models/memory/start_up.h"
#include "models/scenario/scenario.h"
#include "models/schedules/schedule.h"
#include "sim/workload.h"
#include "topology/fabric.h"

namespace orrery::models {

class ReplayMemory;
class Workbench;

// Categories of a rank's time; the order is that of Workload::categories.
enum class TimeCategory : std::uint8_t { compute, recompute, tp, cp, ep, pp, dp, optimizer, offload, host, other };
inline constexpr int kTimeCategories = 11;

// What of a calibration went into a workload: how many of its different kernels and
// transfers are timed how.
struct CalibrationUse {
  std::string file;
  int measured = 0;   // as they were timed
  int corrected = 0;  // by a curve and the kernels near by that were timed
  int by_curve = 0;   // by a curve alone
  // Of its different transfers (kind, ranks, nodes, bytes): in groups that were
  // measured, and in others, which take what the model of NCCL says.
  int transfers_measured = 0, transfers_modelled = 0;
  bool contention = false;  // what a collective takes from kernels beside it is measured
  std::string stand_in;     // not empty: nothing of it was measured, it was made from this model
};

// How programs are written: op by op, or passes that come up again as calls (sim::Call), which takes far less to
// make and to run. Results are the same; what a piece of the model does is then without labels.
enum class Form : std::uint8_t { written_out, with_calls };

// A scenario as programs, with what is needed to read the result.
struct Compiled {
  sim::Workload workload;
  std::shared_ptr<const topology::Fabric> fabric;
  std::vector<Kernel> kernels;               // Note::kernel indexes this
  std::vector<std::vector<Bytes>> tensors;   // Buffer::parts indexes this
  std::vector<HeldWeights> held_by_program;  // for replays of the allocator
  std::shared_ptr<ReplayMemory> replays;     // of those before, of scenarios compiled on one workbench
  std::vector<int> stage_of_program;         // pipeline rank of each program
  std::vector<int> node_of_program;          // kind of node that its ranks are on (ClusterSpec::kinds)
  std::vector<double> slowdown_of_program;   // its kernels take so many times as long: a straggler's; 1 elsewhere
  Schedule schedule;
  std::optional<CalibrationUse> calibration;
};

// One job: a scenario with `jobs` is refused (models/run/jobs.h runs those). Its ranks are on
// GPUs of `fabric`; null: of a cluster of its own.
Result<Compiled> compile(const Scenario& scenario, std::shared_ptr<const topology::Fabric> fabric = nullptr,
                         Form form = Form::written_out);

// The same with the scenario's calibration at hand (null: it has none), and with times
// drawn from what they are known within. `bench`: of scenarios compiled before, for whoever compiles many.
Result<Compiled> compile(const Scenario& scenario, const Calibration* calibration, const Drawing& drawing = {},
                         std::shared_ptr<const topology::Fabric> fabric = nullptr, Form form = Form::written_out,
                         Workbench* bench = nullptr);

}  // namespace orrery::models
