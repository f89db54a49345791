#pragma once

#include "interop/import/chakra/read/trace.h"
#include "interop/import/import.h"
#include "sim/base/result.h"

namespace orrery::interop::chakra {

// What one file holds, its nodes put in the order of their dependencies. Errors say at
// which byte: lengths and numbers that run over the end, two nodes of one id, cycles.
Result<RankTrace> read_trace(const ForeignText& text);

}  // namespace orrery::interop::chakra
