#pragma once

#include <functional>
#include <string>

#include "interop/trace/read/read_trace.h"

namespace orrery::interop {

// Reads a trace of any format and writes what the options leave of it as the
// extension of `out` says: .json, .json.gz (Chrome) or .pftrace (Perfetto).
// `keep_going` as in TraceVisitor. Memory grows with names and tracks only.
Result<TraceSummary> copy_trace(const std::string& in, const std::string& out, const TraceReadOptions& options,
                                const std::function<bool(const TraceProgress&)>& keep_going);

}  // namespace orrery::interop
