#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "sim/base/id.h"
#include "sim/base/result.h"
#include "sim/trace/trace.h"

namespace orrery::validate {

struct RankMemoryUse {
  RankId rank;
  Bytes reserved_peak;  // by the rank's allocator: segments that it had from the driver; 0 where nothing was allocated
};

// What a sampler of clocks saw during a run.
struct Conditions {
  int samples = 0;
  int sm_clock_min_mhz = 0, sm_clock_median_mhz = 0, sm_clock_max_mhz = 0, memory_clock_mhz = 0;
  double power_max_w = 0;
  int temperature_max_c = 0;
  std::vector<std::string> throttled;  // reasons seen, such as "power cap"
};

// A run on GPUs, as `orrery-gpu` hands it to `orrery validate`.
struct RunRecord {
  RankId rank;                     // the first of those that the process runs
  std::string device;              // "4 x NVIDIA H200"
  std::string transport;           // "NCCL 2.28.9"
  std::string mode;                // "eager" or "graph"
  std::vector<std::string> notes;  // what was done otherwise than asked for
  std::vector<std::string> faults;
  bool interrupted = false;    // spans are partial
  double enqueue_seconds = 0;  // of the host
  Bytes device_memory, operand_memory;
  // In use on a GPU at the end, beside segments and operands: the context, kernels and libraries, as the driver counts.
  Bytes runtime_memory;
  std::vector<RankMemoryUse> memory;
  Conditions conditions;
  std::vector<sim::Span> spans;

  bool complete() const { return faults.empty() && !interrupted; }
};

// A line of JSON and the spans as binary: what one program writes and the same
// version of another reads.
void write_record(std::ostream& out, const RunRecord& record);
Result<RunRecord> read_record(std::istream& in);

// What a reader of the result must know: notes, mode and host time, memory by the
// driver, clocks that were held down.
std::vector<std::string> remarks_on(const RunRecord& record);

// Joins what processes of one run recorded: spans and memory of all, the slowest
// clocks and whose were held down, every fault and note once.
RunRecord join(std::vector<RunRecord> records);

}  // namespace orrery::validate
