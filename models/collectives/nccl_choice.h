#pragma once

#include "models/collectives/communicator.h"
#include "sim/program.h"

namespace orrery::models {

struct Choice {
  Algorithm algorithm = Algorithm::ring;
  Protocol protocol = Protocol::simple;
  bool operator==(const Choice&) const = default;
};

// Steps of a ring: 2(n-1) for all-reduce, n-1 for the others.
int ring_steps(sim::TransferKind kind, int ranks);

// NCCL's own estimate, microseconds (docs/collectives.md; graph/tuning.cc 2.30.7).
// It decides, it does not predict.
double nccl_estimate(sim::TransferKind kind, double bytes, const Communicator& comm, Choice choice);

// The algorithm and protocol whose estimate is least. Trees only for all-reduce
// over several nodes: inside one node their chain never beats the ring.
Choice nccl_choice(sim::TransferKind kind, double bytes, const Communicator& comm);

// Microseconds before the bytes: what is measured inside a domain, NCCL's
// constants for hops between domains.
double startup_microseconds(sim::TransferKind kind, const Communicator& comm, Choice choice);

// Microseconds of one trip between nodes for a send or an exchange.
double send_hop_microseconds(const Site& site, double network_latency, Protocol protocol);

}  // namespace orrery::models
