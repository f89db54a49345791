#pragma once

#include "interop/import/chakra/read/trace.h"
#include "sim/base/result.h"

namespace orrery::interop::chakra {

// Nodes as a file has them, with the ids that they wait for.
struct Unordered {
  std::vector<TraceNode> nodes;
  std::vector<std::vector<std::uint64_t>> control, data;  // of each node
};

// Each node behind all that it waits for; among those that wait for nothing the one that
// stands first in the file, so that the order is the same every time.
Result<RankTrace> ordered(Unordered unordered, const std::string& file);

// "file: at byte 12: what".
Error fault_at(const std::string& file, std::size_t byte, const std::string& what);

}  // namespace orrery::interop::chakra
