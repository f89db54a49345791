#pragma once

#include <limits>
#include <memory>
#include <span>

#include "models/collectives/links/communicator.h"
#include "models/collectives/links/link_counter.h"
#include "models/collectives/nccl/choice.h"
#include "models/collectives/steps/steps.h"
#include "sim/planner.h"

namespace orrery::models {

// The links that an algorithm loads, with its connections on each (with the flows
// of connections where the fabric hashes each for itself), and what they allow on an
// idle network.
struct Footprint {
  std::shared_ptr<const sim::LinkUses> uses;  // null: too small to load any
  double nvlink_rate = 0;   // bytes/s of one connection where NVLinks (or PCIe in their place) bound it; else infinite
  double network_rate = 0;  // the same for every other link
  double port_rate =
      std::numeric_limits<double>::infinity();  // for those of them that GPUs without NVLink share in a node

  // Bytes/s of one connection when a protocol reaches these shares of the links.
  double rate(double nvlink_share, double network_share) const {
    return std::min(nvlink_rate * nvlink_share, network_rate * network_share);
  }
};

// What loads the links of a group; one footprint each serves all kinds and sizes.
enum class Traffic : std::uint8_t {
  ring,      // every edge of the ring, a channel each
  chain,     // the ring without the edge that closes it
  tree,      // both directions of a chain in each domain and of two trees over domains
  nvls,      // every rank's way to the switches and back; between domains the two trees, if any
  rails,     // every rank's NIC, once out and once in (reduction in the network's switches), and nvls inside
  doubling,  // rank r to r + 1, r + 2, r + 4 …: as many parts as it has by then
  exchange,  // every pair, through the NIC on the destination's rail between domains (PXN)
  shift,     // every rank to the next one of the group
  gather,    // every other rank to the first
  scatter,   // the first rank to every other
};

struct TrafficFootprint {
  Footprint links;
  double parts = 1;  // exchange: pairs that share one connection of the result; a step: its bytes
};

class FootprintMaker {
 public:
  // The fabric must outlive it. `laid`: rings and trees in place of those that a search finds, for groups that it is
  // for.
  explicit FootprintMaker(const topology::Fabric& fabric, std::shared_ptr<const LaidGraph> laid = nullptr)
      : fabric_(fabric), pcie_(fabric.cluster().scale_up.kind == "pcie"), laid_(std::move(laid)), links_(fabric) {}

  // Inside a node a channel of a ring passes all ranks; between nodes it stays on the
  // rail of the rank it leaves by, and leaving points are spread over the ranks.
  TrafficFootprint make(Traffic traffic, const Communicator& comm);

  // The messages of one step among `ranks`; parts are bytes of one connection.
  TrafficFootprint step(const Step& step, std::span<const RankId> ranks);

  // One route, `connections` wide: its links, valid until the next call.
  std::span<const sim::LinkUse> route(RankId from, RankId to, std::uint32_t connections);

  // What links that are loaded like this allow; `uses` is left out.
  Footprint rates(std::span<const sim::LinkUse> uses) const;

  // The rank's way to its host's memory, or back; nothing where the fabric has none to name.
  Footprint host(RankId rank, bool to_host);

 private:
  void add_ring(const Communicator& comm, bool closed);
  void add_chains_and_trees(const Communicator& comm);
  void add_trees(const Communicator& comm, int channels);
  void add_switches(const Communicator& comm);
  void add_rails_of_all(const Communicator& comm);
  void add_doubling(const Communicator& comm);
  void add_shift(const Communicator& comm);
  void add_fan(const Communicator& comm, bool to_first);
  TrafficFootprint exchange(const Communicator& comm);
  TrafficFootprint in_channels(double bytes, int channels);
  Footprint summarize(sim::LinkUses uses) const;

  const topology::Fabric& fabric_;
  const bool pcie_;  // what joins the GPUs of a node
  std::shared_ptr<const LaidGraph> laid_;
  LinkCounter links_;
  std::vector<LinkId> route_;
  sim::LinkUses route_uses_;
};

// Parent of a node in the first or second tree over `nodes` nodes; -1 at the root.
int tree_parent(int node, int nodes, bool second);

}  // namespace orrery::models
