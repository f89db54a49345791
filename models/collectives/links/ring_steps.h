#pragma once

#include <algorithm>

#include "models/collectives/nccl/choice.h"

namespace orrery::models {

// The steps of a ring (of a chain, for one-way operations) inside nodes and between them.
struct RingSteps {
  int inside = 0, between = 0;
  double hop_inside = 0;  // microseconds
};

// `hop` is a hop inside a node; where a ring crosses nodes the host proxy's work
// for a step may take longer than that (graph/tuning.cc).
inline RingSteps ring_steps(sim::TransferKind kind, const Communicator& c, Protocol protocol, double hop) {
  RingSteps steps;
  const double post = (c.site.amd_host ? 2.0 : 1.0) * (protocol == Protocol::simple ? 3 : 1);
  if (kind == sim::TransferKind::broadcast || kind == sim::TransferKind::reduce)
    return {c.ranks - c.nodes(), c.nodes() - 1, hop};
  steps.between = ring_steps(kind, c.nodes());
  steps.inside = ring_steps(kind, c.ranks) - steps.between;
  steps.hop_inside = c.nodes() > 1 ? std::max(hop, post) : hop;
  return steps;
}

}  // namespace orrery::models
