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

struct ExchangeFootprint {
  Footprint links;
  double pairs_per_connection = 1;  // pairs that share one connection of the result
};

// Adds connections up route by route and gives them in the order of the links. A
// bitmap of the links in use stands in for sorting; both are as large as the fabric
// and serve one footprint after the other.
class LinkCounter {
 public:
  explicit LinkCounter(const topology::Fabric& fabric);

  void add(RankId from, RankId to, std::uint32_t connections);
  void add(LinkId link, std::uint32_t connections);
  // What was counted; counts from zero again.
  sim::LinkUses take();

 private:
  const topology::Fabric& fabric_;
  std::vector<LinkId> route_;
  std::vector<std::uint32_t> connections_;  // by link
  std::vector<std::uint64_t> in_use_;       // a bit a link
  std::size_t first_word_, end_word_ = 0;   // of in_use_, where any bit may be set
  std::size_t links_ = 0;
};

class FootprintMaker {
 public:
  // The fabric must outlive it.
  explicit FootprintMaker(const topology::Fabric& fabric) : fabric_(fabric), links_(fabric) {}

  // One connection per channel on every edge of the ring. Inside a node a channel
  // passes all ranks; between nodes it stays on the rail of the rank it leaves by,
  // and leaving points are spread over the ranks.
  Footprint ring(const Communicator& comm) { return ring_or_chain(comm, true); }

  // The ring without the edge that closes it: broadcast from the first rank, reduce to it.
  Footprint chain(const Communicator& comm) { return ring_or_chain(comm, false); }

  // NCCL's double binary tree over nodes, a chain inside each; every edge carries
  // its channel up and down. Half of the channels use each tree.
  Footprint tree(const Communicator& comm);

  // Every rank to every other, one connection a pair. Between nodes traffic goes
  // through the NIC on the destination's rail, over NVLink to its owner first (PXN).
  ExchangeFootprint all_to_all(const Communicator& comm);

  // Every other rank with the first one; `to_first` for gather, from it for scatter.
  Footprint fan(const Communicator& comm, bool to_first);

  // One route, `connections` wide.
  Footprint route(RankId from, RankId to, std::uint32_t connections);

  // The rank's own PCIe link; nothing where the fabric has none to name.
  Footprint host(RankId rank);

 private:
  Footprint ring_or_chain(const Communicator& comm, bool closed);
  Footprint summarize(sim::LinkUses uses);

  const topology::Fabric& fabric_;
  LinkCounter links_;
  std::vector<LinkId> route_;
};

// Parent of a node in the first or second tree over `nodes` nodes; -1 at the root.
int tree_parent(int node, int nodes, bool second);

}  // namespace orrery::models
