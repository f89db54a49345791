#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/collectives/course.h"
#include "models/collectives/steps/algorithms.h"
#include "models/collectives/steps/chunk_net.h"
#include "sim/planner.h"

namespace orrery::models {

// Plans of collectives that are written out in steps, and the times of steps in chunks.
class StepPlanner {
 public:
  // Both must outlive it.
  StepPlanner(const topology::Fabric& fabric, FootprintMaker& footprints);

  // How the ranks of a group lie, in the order of `ranks`.
  Places places_of(std::span<const RankId> ranks, const Communicator& comm) const;

  // A phase a step; by LL or Simple, whichever is done first, unless `forced`.
  sim::TransferPlan plan(const Steps& steps, std::span<const RankId> ranks, const Communicator& comm,
                         Algorithm algorithm, std::optional<Protocol> forced) const;

  // The steps alone on the fabric, in the chunks that NCCL cuts messages into. `rings`
  // messages of a rank and step are on channels of their own.
  Duration chunked(const Steps& steps, std::span<const RankId> ranks, const Communicator& comm, Protocol protocol,
                   int rings = 1) const;

 private:
  const topology::Fabric& fabric_;
  FootprintMaker& footprints_;
};

// The plan, made to take `whole` where it is alone: waiting is cut or drawn out first,
// then bytes are slowed.
void stretch(sim::TransferPlan& plan, Duration whole);

}  // namespace orrery::models
