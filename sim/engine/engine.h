#pragma once

#include <atomic>
#include <functional>
#include <span>

#include "sim/leaps/leap_memory.h"
#include "sim/run_result.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::sim {

struct RunOptions {
  bool coalesce = true;                           // runs of kernels as one event; never changes a result
  bool leap = true;                               // where ranks can (sim/leaps); never changes a result
  LeapMemory* leaps = nullptr;                    // what runs before have left for this one
  TraceSink* trace = nullptr;                     // told of every op of every rank it wants
  const std::atomic<bool>* stop = nullptr;        // set by Ctrl-C: the run ends early, marked
  std::function<void(double fraction)> progress;  // called now and then with the share of ops done
};

// Work that is not known when the run starts (serving): told when a rank's
// streams have run dry, it appends ops. Appended ops belong to the last step.
class OpSource {
 public:
  virtual ~OpSource() = default;
  // Called at `now` when every stream of `rank` is idle; returns what to append,
  // by stream of its program. Dependencies inside count from the first op
  // appended here; payloads index the tables of the rank's program. Nothing for
  // every stream ends the rank.
  virtual std::vector<Stream> more(RankId rank, Time now) = 0;
};

// Runs every rank of `workload` and says when each thing happened. Deterministic
// to the bit: events are ordered by (time, id), ids by position in the workload.
// A workload that cannot go on ends with RunResult::stuck; it never hangs.
RunResult run(const Workload& workload, const RunOptions& options = {}, OpSource* source = nullptr);

}  // namespace orrery::sim
