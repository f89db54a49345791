#pragma once

#include <memory>
#include <span>

#include "models/collectives/communicator.h"
#include "sim/planner.h"

namespace orrery::models {

// The links that an algorithm loads, with its connections on each, and what they
// allow on an idle network.
struct Footprint {
  std::shared_ptr<const sim::LinkUses> uses;
  double nvlink_rate = 0;   // bytes/s of one connection where NVLinks bound it; infinite where none is used
  double network_rate = 0;  // the same for every other link

  // Bytes/s of one connection when a protocol reaches these shares of the links.
  double rate(double nvlink_share, double network_share) const {
    return std::min(nvlink_rate * nvlink_share, network_rate * network_share);
  }
};

// One connection per channel on every edge of the ring. Inside a node a channel
// passes all ranks; between nodes it stays on the rail of the rank it leaves by,
// and leaving points are spread over the ranks.
Footprint ring_footprint(const topology::Fabric& fabric, const Communicator& comm);

// The ring without the edge that closes it: broadcast from the first rank, reduce to it.
Footprint chain_footprint(const topology::Fabric& fabric, const Communicator& comm);

// NCCL's double binary tree over nodes, a chain inside each; every edge carries
// its channel up and down. Half of the channels use each tree.
Footprint tree_footprint(const topology::Fabric& fabric, const Communicator& comm);

// Every rank to every other, one connection a pair. Between nodes traffic goes
// through the NIC on the destination's rail, over NVLink to its owner first (PXN).
// `pairs_per_connection` tells how many pairs share one connection of the result.
struct ExchangeFootprint {
  Footprint links;
  double pairs_per_connection = 1;
};
ExchangeFootprint all_to_all_footprint(const topology::Fabric& fabric, const Communicator& comm);

// Every other rank with the first one; `to_first` for gather, from it for scatter.
Footprint fan_footprint(const topology::Fabric& fabric, const Communicator& comm, bool to_first);

// One route, `connections` wide.
Footprint route_footprint(const topology::Fabric& fabric, RankId from, RankId to, std::uint32_t connections);

// The rank's own PCIe link; nothing where the fabric has none to name.
Footprint host_footprint(const topology::Fabric& fabric, RankId rank);

// Parent of a node in the first or second tree over `nodes` nodes; -1 at the root.
int tree_parent(int node, int nodes, bool second);

}  // namespace orrery::models
