#pragma once

#include <memory>

#include "models/collectives/nccl/choice.h"
#include "models/collectives/planner_family.h"
#include "models/collectives/times/measured_transfers.h"
#include "models/scenario/scenario.h"
#include "sim/planner.h"
#include "topology/fabric.h"

namespace orrery::models {

// What NCCL would do, or what `forced` says: algorithm, protocol, channels; then
// phases over the fabric's links. `analytic` gives the same startup and bytes at
// the contention-free rate and touches no link. LinkIds are the fabric's.
//
// A plan's claim is the number of channels that its kernel holds an SM each for; 0 for
// the copy engine.
//
// Plans are kept and returned by reference; the planner is not safe to share
// among threads. What was `measured` takes as long as it did, over the links that the
// model gives it; where the model takes them for slower, it loads them as much as they
// can carry meanwhile. A cluster without links (`ideal`) gives plans without phases, as
// do one rank and zero bytes. Broadcast, reduce, gather and scatter have the
// first rank of the group as their root.
std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<const topology::Fabric> fabric,
                                                         Network network,
                                                         const std::shared_ptr<const CollectiveFacts>& facts,
                                                         const Forced& forced = {}, MeasuredTransfers measured = {});
// One of a family, which others of it came before or may come behind.
std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<PlannerFamily> family,
                                                         MeasuredTransfers measured = {});

}  // namespace orrery::models
