#pragma once

#include <string>
#include <vector>

#include "sim/base/result.h"
#include "topology/hardware.h"

namespace orrery::cli {

// What `--gpus` asks for: numbers of GPUs, rising. A list of "64" (just that), "8..1024" (powers of two and three times
// powers of two of whole nodes, and as many whole nodes as go into the end) and "..1024" (from one GPU on).
// Parts of a node are powers of two. Errors name the part that is no such thing.
Result<std::vector<int>> cluster_sizes(const std::string& text, const topology::ClusterSpec& cluster);

}  // namespace orrery::cli
