#pragma once

#include <memory>

#include "models/scenario/scenario.h"
#include "sim/planner.h"
#include "topology/fabric.h"

namespace orrery::models {

// What NCCL would do: algorithm (ring or tree here), protocol, channels; then
// phases over the fabric's links. `analytic` gives the contention-free time as
// latency alone and touches no link. LinkIds are the fabric's.
std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<const topology::Fabric> fabric, Network network);

}  // namespace orrery::models
