#pragma once

#include <string>
#include <vector>

#include "models/collectives/planner.h"
#include "topology/hardware.h"

namespace orrery::cli {

// Rings, trees and heads of a graph file of NCCL's (--graph), for a group of whole nodes of `cluster`; trees along
// the rings where it has none. Errors: a file without rings, channels of other GPUs than a node has, parts of nodes.
Result<models::LaidGraph> read_graph_file(const std::string& file, const topology::ClusterSpec& cluster,
                                          const std::vector<RankId>& group);

}  // namespace orrery::cli
