#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/base/result.h"
#include "sim/op.h"

namespace orrery::sim {

// Where the main stream of a rank spent one step: from the end of the last step
// but one to the end of the last. Every picosecond is in exactly one place.
struct RankTime {
  std::vector<Duration>
      busy;  // by category: kernels, and transfers that the main stream itself runs (from meeting to end)
  std::vector<Duration> exposed;  // by category: waiting for an op of another stream while that op is in progress
  std::vector<Duration> late;     // by category: waiting for peers to arrive, in a collective of one stage
  Duration bubble;  // waiting for the pipeline: for a send, receive or pipeline-crossing collective to be met
};

// Memory of a rank at the moment of its peak.
struct RankMemory {
  std::vector<Bytes> by_cause;  // adds up to peak
  Bytes peak;
  Time when;
  StreamIndex stream = 0;  // the allocation that made the peak
  OpIndex op = 0;
};

struct RankSummary {
  RankTime time;
  RankMemory memory;
  Time step_end;           // of the last step
  Time previous_step_end;  // of the one before (start of the run if there was one step)
  Digest digest;
};

struct RunResult {
  Digest digest;                         // start and end of every schedule action on every rank, and of the steps
  std::vector<Time> step_ends;           // the latest rank's, by step
  IdVector<RankId, RankSummary> ranks;   // of the workload that ran: classes when it was folded
  IdVector<LinkId, Bytes> link_bytes;    // over the measured step: connections x bytes, summed
  IdVector<LinkId, Duration> link_busy;  // over the measured step: time with at least one activity
  std::uint64_t ops = 0;                 // executed, before coalescing
  std::uint64_t events = 0;              // popped from the heap
  bool interrupted = false;
  std::optional<Error> stuck;  // why nothing could go on: a chain of named ops

  // Interval between the ends of the last two steps.
  Duration step_time() const;
};

// The digest of a run: those of all ranks in order, then the ends of the steps.
Digest combine_digests(const IdVector<RankId, RankSummary>& ranks, const std::vector<Time>& step_ends);

}  // namespace orrery::sim
