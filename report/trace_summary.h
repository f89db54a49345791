#pragma once

#include <string>

#include "interop/trace/analysis/breakdown.h"

namespace orrery::report {

// What `orrery trace` prints of a trace: where each rank's time went, its streams,
// the operations that took longest (`top` of them), and what transfers achieved.
std::string trace_summary(const std::string& file, const interop::TraceBreakdown& breakdown, std::size_t top);
std::string trace_summary_json(const std::string& file, const interop::TraceBreakdown& breakdown);
// A line a rank.
std::string trace_summary_csv(const interop::TraceBreakdown& breakdown);

// "12,345 slices, 678 counter values, 90 ends of arrows; 1 broken event was left out", with the first of these.
std::string trace_counts(const interop::TraceSummary& summary);

}  // namespace orrery::report
