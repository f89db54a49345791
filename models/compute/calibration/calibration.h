#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "sim/base/result.h"
#include "sim/program.h"
#include "topology/hardware.h"

namespace orrery::models {

// A measured figure: the median and its 95 % interval, of `samples` runs.
struct Interval {
  double value = 0, low = 0, high = 0;
  int samples = 1;
  bool operator==(const Interval&) const = default;
};

// A kernel that was timed, in seconds.
struct KernelPoint {
  Kernel kernel;
  Interval seconds;
  bool operator==(const KernelPoint&) const = default;
};

// A transfer among `ranks` GPUs on `nodes` nodes that was timed. Bytes in the
// nccl-tests sense.
struct TransferPoint {
  sim::TransferKind kind = sim::TransferKind::all_reduce;
  int ranks = 0, nodes = 1;
  Bytes bytes;
  Interval seconds;
  std::string algorithm, protocol;  // as the log names them, or empty
  bool operator==(const TransferPoint&) const = default;
};

// t = alpha + beta bytes, fitted on transfers of one kind among so many GPUs.
struct TransferLine {
  sim::TransferKind kind = sim::TransferKind::all_reduce;
  int ranks = 0, nodes = 1;
  double alpha_s = 0, beta_s_per_byte = 0, r2 = 0;
  bool operator==(const TransferLine&) const = default;
};

// A whole layer or step, kept out of the fits.
struct CalibrationCheck {
  std::string name;
  double predicted_s = 0;
  Interval measured_s;
  bool operator==(const CalibrationCheck&) const = default;
};

// What was measured on one machine with one software stack: `scenario.calibration`
// names such a file. Schema: docs/validate.md.
struct Calibration {
  static constexpr int kMajor = 1, kMinor = 0;

  std::string file;
  std::string created_utc;
  std::map<std::string, std::string> tool;     // version, commit, flags, seed
  std::string gpu;                             // the GPU file that its curves are relative to
  std::map<std::string, std::string> machine;  // driver, cuda, cublas, cudnn, nccl, host_cpu, kernel…
  std::map<std::string, Interval> conditions;  // sm_clock_mhz, power_w, temp_c: low to high is the range seen
  std::map<std::string, Interval> peaks;       // gemm.bf16 in FLOP/s, copy_d2d in bytes/s…
  std::map<std::string, Interval> launch;      // eager_s, graph_node_s…
  std::map<Dtype, topology::GemmCurve> gemm;
  std::map<std::string, topology::MemoryBoundCurve> memory_bound;
  std::map<std::string, double>
      fit_errors;                    // "gemm.bf16", "memory_bound.rope": mean absolute relative error of a curve
  std::vector<KernelPoint> kernels;  // GEMMs, attention and memory-bound kernels, each once
  std::vector<TransferPoint> transfers;
  std::vector<TransferLine> transfer_lines;
  // What runs at the same time takes from each other, as a share of its time alone:
  // compute_bound_by_collective, collective_by_compute_bound, and memory_bound for both.
  std::map<std::string, Interval> interference;
  std::vector<CalibrationCheck> layers, steps;
};

// Strict: unknown keys, repeated points, values that cannot be and another major
// version are faults, all told at once with their places.
Result<Calibration> parse_calibration(std::string_view text, const std::string& file);
Result<Calibration> read_calibration(const std::string& path);

// `gpu` with the bandwidth of all its families scaled alike, so that half of those that were timed take longer than
// their curve says and half take less (the largest kernel of each). As it is where fewer than three were.
topology::GpuSpec slowed_memory(topology::GpuSpec gpu, const std::vector<KernelPoint>& timed);

// `gpu` with the curves that were measured in place of its own. A family that was not timed is as much off its curve as
// those that were.
topology::GpuSpec with_measured_curves(topology::GpuSpec gpu, const Calibration& calibration);

}  // namespace orrery::models
