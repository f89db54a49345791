#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/id.h"
#include "sim/base/result.h"
#include "topology/hardware.h"

namespace orrery::topology {

struct Wiring;

// One direction of a wire, or of a bundle of wires that balanced routing loads evenly.
struct FabricLink {
  LinkKind kind = LinkKind::nvlink;
  BytesPerSecond capacity;
};

// What is wired to what. GPUs are numbered node by node; links have stable ids.
//
// Large fabrics are regular: routes are computed from coordinates, never
// searched, and names are made when asked for. A graph (Boost.Graph) is built
// only for questions that need one: drawings, bisection, checks.
class Fabric {
 public:
  static Result<Fabric> build(const ClusterSpec& cluster);

  int gpus() const { return cluster_.gpus(); }
  const ClusterSpec& cluster() const { return cluster_; }
  const IdVector<LinkId, FabricLink>& links() const { return links_; }

  bool same_domain(RankId a, RankId b) const;  // joined by NVLink
  int node_of(RankId gpu) const { return static_cast<int>(gpu.value) / cluster_.gpus_per_node; }

  // Links crossed from one GPU to another, appended in order. Through NVLink
  // inside a domain; else GPU's PCIe, NIC, leaf (spine, pod core), NIC, PCIe.
  void route(RankId from, RankId to, std::vector<LinkId>& links) const;

  // Network hops' latency on that route (zero inside a domain).
  Duration latency(RankId from, RankId to) const;

  std::string link_name(LinkId link) const;  // "node3/gpu5 nvlink out", "leaf2 up"

  // NIC links of a node, each direction: GPUs that share a NIC share one, and
  // several NICs of a GPU are one.
  int nics_per_node() const;

  // Capacity between the first and the second half of the nodes (of the GPUs,
  // where there is one node), each direction: max-flow over usable rates. Nodes
  // fill trees in order, so this is the narrow cut. INT64_MAX where links are free.
  BytesPerSecond bisection() const;

  // What the routes are computed from; for graphs and drawings.
  const Wiring& wiring() const { return *wiring_; }

 private:
  ClusterSpec cluster_;
  IdVector<LinkId, FabricLink> links_;
  std::shared_ptr<const Wiring> wiring_;
};

}  // namespace orrery::topology
