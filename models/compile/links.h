#pragma once

#include "sim/workload.h"
#include "topology/fabric.h"

namespace orrery::models {

// The fabric's links, in its order, and what kinds there are.
void add_links(const topology::Fabric& fabric, sim::Workload& workload);

}  // namespace orrery::models
