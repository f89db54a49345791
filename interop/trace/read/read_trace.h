#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interop/trace/rank_range.h"
#include "interop/trace/read/trace_visitor.h"
#include "sim/base/result.h"

namespace orrery::interop {

// Which part of a trace is told. Processes, tracks and names are told of all the same.
struct TraceReadOptions {
  std::vector<RankRange> ranks;  // empty: all; processes whose rank the file does not say are left out otherwise
  Time from = Time::at(Duration::ps(INT64_MIN));  // slices that reach into [from, to)
  Time to = Time::never();
};

enum class TraceFormat { chrome, kineto, perfetto };

struct TraceSummary {
  TraceFormat format = TraceFormat::chrome;
  std::uint64_t slices = 0, instants = 0, counts = 0, flow_points = 0;
  std::uint64_t skipped = 0;         // broken events
  std::vector<Error> first_skipped;  // the first few of them, with the byte where they stood
  bool cancelled = false;            // keep_going said so
};

// Streams through a trace: Chrome JSON (an array of events, or an object with
// "traceEvents"), PyTorch Kineto, Perfetto's protobuf; through .gz and .zst. What
// a file is shows in its bytes, not in its name.
//
// Memory grows with names and tracks, not with the file's length, and both have
// a bound: what would go beyond it is skipped.
// Broken events are skipped and counted; an error is a file that cannot be read,
// or is not a trace at all.
Result<TraceSummary> read_trace(const std::string& path, TraceVisitor& visitor, const TraceReadOptions& options = {});

}  // namespace orrery::interop
