#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "models/memory/rank_start.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"
#include "validate/device.h"
#include "validate/transport/transport.h"

namespace orrery::validate {

struct RunnerOptions {
  std::vector<RankId> local;                // the ranks of this process; empty: all
  std::span<const models::Kernel> kernels;  // what Note::kernel counts in
  // What Buffer::parts counts in: saved tensors are asked for one by one; empty: all of a buffer at once.
  std::span<const std::vector<Bytes>> tensors;
  std::span<const double> slowdowns;  // of each program's kernels (Compiled::slowdown_of_program); empty: none
  // How ranks come to their training states; null: those are there from the beginning, as resident buffers.
  const IdVector<RankId, models::RankStart>* starts = nullptr;
  sim::TraceSink* trace = nullptr;  // told, after the run, of every op that ended in a timed step
  // Steps from this one on have every op timed. Of those before, the trace has the last op of
  // each rank's main stream: they tell how long a step takes when nobody looks on.
  std::uint32_t first_timed_step = 0;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C: what was enqueued ends, the rest is left out
};

struct Execution {
  Errors faults;             // of the device, of memory, or of a program that cannot go on
  bool interrupted = false;  // the trace ends early

  bool ok() const { return faults.empty() && !interrupted; }
};

// Executes the programs of `workload` for all of its steps. Knows no model and no
// schedule: what the simulator interprets is handed to the device as it is.
//
// An op is enqueued when every op that it awaits has been (an event that nobody
// has recorded yet holds nothing back), a transfer when all participants of this
// process have come to it. Streams that waited for an op go on right behind it,
// so that a transfer is issued as soon as the kernel that feeds it, and ranks take
// turns. The order is the same in every run.
Execution execute(const sim::Workload& workload, Device& device, Transport& transport,
                  const RunnerOptions& options = {});

}  // namespace orrery::validate
