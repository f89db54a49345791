#pragma once

#include <functional>

#include "interop/trace/read/byte_source.h"
#include "interop/trace/read/read_trace.h"

namespace orrery::interop {

// The same of bytes that need not be a file: for tests and fuzzers. `open` is
// called once for every pass.
using OpenBytes = std::function<Result<std::unique_ptr<ByteSource>>()>;
Result<TraceSummary> read_trace(const OpenBytes& open, const std::string& file, TraceVisitor& visitor,
                                const TraceReadOptions& options = {});

}  // namespace orrery::interop
