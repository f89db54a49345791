#pragma once

#include <vector>

#include "sim/base/duration.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::sim {

// One op, or part of it, on the path.
struct PathSegment {
  RankId rank;
  StreamIndex stream = 0;
  std::uint16_t step = 0;
  OpIndex op = 0;
  Time from, to;
  bool waiting = false;  // the op waited for something that is not in the trace
};

// What the measured step had to wait for, from the end of the step before to its
// own: at any moment something on the path was in progress, so the step is as long
// as the path, and only what is on the path can make it shorter.
struct CriticalPath {
  std::vector<PathSegment> segments;  // each begins where the one before ends
  std::vector<Duration> by_category;  // adds up with `unexplained` to the step
  Duration unexplained;               // zero if the trace has every rank
  Time from, to;
};

// Walks back from the last end of the measured step. An op began to do its work
// when the last of those it meets had arrived, and that one arrived when the op
// before it in its stream, or the op it depends on, was over. Of several causes
// at the same instant the one in the same stream is taken, then the one of the
// smallest rank. Of sends and receives that end as a group the one that was met
// last stands for the group.
CriticalPath critical_path(const Workload& workload, const Trace& trace);

// By how much each span (as numbered in the trace) could have ended later without
// the measured step ending later, if all durations stay as they were and streams
// keep their order. Zero on the critical path. What a longer kernel does to the
// transfers beside it, and they to each other, is not counted. Empty where the
// measured step did not end.
std::vector<Duration> slack(const Workload& workload, const Trace& trace);

}  // namespace orrery::sim
