#pragma once

#include "models/collectives/links/link_uses.h"
#include "models/collectives/nccl/choice.h"

namespace orrery::models {

// How a transfer runs on an idle network: a startup, then bytes over the connections
// of a kind of traffic. The equations are in docs/collectives.md.
struct Course {
  double startup = 0;  // microseconds
  double bytes = 0;    // of one connection
  double seconds = 0;  // that they take
  const Footprint* links = nullptr;
  Method method;
};

// The traffic of an algorithm's footprint for this operation.
Traffic traffic_of(sim::TransferKind kind, Algorithm algorithm);

// A collective by NCCL's kernels. `links` is the footprint of traffic_of(kind, choice.algorithm).
Course collective_course(sim::TransferKind kind, double bytes, const Communicator& comm, Choice choice,
                         const Footprint& links);

// All-to-all, `bytes` a rank; LL or Simple, whichever is done first, unless `forced`.
Course exchange_course(double bytes, const Communicator& comm, const TrafficFootprint& links,
                       std::optional<Protocol> forced);

// Channels of a message, and what one takes of `bytes`.
int message_channels(const Site& site, bool crosses);
Course message_course(double bytes, const Site& site, bool crosses, double network_latency, const Footprint& links,
                      Algorithm algorithm);

}  // namespace orrery::models
