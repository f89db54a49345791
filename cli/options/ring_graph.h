#pragma once

#include <string>
#include <vector>

#include "models/collectives/planner.h"
#include "topology/hardware.h"

namespace orrery::cli {

// The rings of a graph file of NCCL's (--graph), for a group of whole nodes of `cluster`. Errors: a file without
// rings, rings of other GPUs than a node has, parts of nodes.
Result<models::RingOrders> read_rings(const std::string& file, const topology::ClusterSpec& cluster,
                                      const std::vector<RankId>& group);

}  // namespace orrery::cli
