#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/id.h"
#include "sim/base/result.h"
#include "topology/hardware.h"
#include "topology/part.h"

namespace orrery::topology {

struct Wiring;
struct Detours;

// What is wired to what. GPUs are numbered node by node; links have stable ids.
//
// Large fabrics are regular: routes are computed from coordinates, never
// searched, and names are made when asked for. A graph (Boost.Graph) is built
// only for questions that need one: drawings, bisection, ways around failed links.
class Fabric {
 public:
  // Faults of the spec are applied here: an unknown link's name, and two GPUs
  // that failed links leave without a path, are errors.
  static Result<Fabric> build(const ClusterSpec& cluster);

  int gpus() const { return cluster_.gpus(); }
  const ClusterSpec& cluster() const { return cluster_; }
  const Links& links() const { return links_; }

  // Joined inside: by NVLink, or by PCIe in a node that has none.
  bool same_domain(RankId a, RankId b) const;
  int domain_of(RankId gpu) const;
  // How much higher the links of a route inside a domain are numbered than those of the
  // same route in the domain before; 0 where the domains are not all wired alike.
  std::uint32_t links_a_domain() const;
  int node_of(RankId gpu) const { return static_cast<int>(gpu.value) / cluster_.gpus_per_node; }

  // Whether the flows of one pair are hashed onto different ways (ECMP), and how
  // many a connection has: its queue pairs. Flow k of connection c takes path
  // c * paths() + k. Elsewhere every path is the same and paths() is 1.
  bool hashed() const { return hashed_; }
  int paths() const { return paths_; }

  // Links crossed from one GPU to another, appended in order. Inside a domain
  // through NVLink (PCIe where there is none); else GPU's PCIe, NIC, leaf (spine,
  // pod core), NIC, PCIe. Where rails are not joined, NVLink to the GPU on the
  // destination's rail comes first. Never over a failed link.
  void route(RankId from, RankId to, std::vector<LinkId>& links, std::uint32_t path = 0) const;

  // Links from a GPU to its host's memory, or back.
  void host_route(RankId gpu, bool to_host, std::vector<LinkId>& links) const;

  // Network hops' latency on the route (zero inside a domain).
  Duration latency(RankId from, RankId to) const;

  // The switch that a GPU's NIC hangs on, where the ways between two GPUs' NICs are those between their switches;
  // nothing where they depend on more (a flow takes one of many, or links have failed).
  std::optional<std::uint32_t> leaf_of(RankId gpu) const;

  // NIC links of a node, each direction: GPUs that share a NIC share one, and
  // several NICs of a GPU are one. A GPU's rail is the number of its link.
  int nics_per_node() const;
  int rail_of(RankId gpu) const;

  // A switch joins a domain's GPUs: one order of a ring is as good as another.
  bool any_order() const { return cluster_.scale_up.kind != "mesh" && cluster_.scale_up.kind != "cube-mesh"; }

  // Orders of a domain's GPUs (as positions in `members`) in which NCCL would lay
  // rings: along NVLinks that no other ring uses. One order, as given, under any_order().
  std::vector<std::vector<std::uint32_t>> rings(std::span<const RankId> members) const;

  std::string link_name(LinkId link) const;  // "node3/gpu5 nvlink out", "leaf2 up"
  std::string gpu_name(RankId gpu) const;    // "node3/gpu5"

  // Capacity between the first and the second half of the nodes (of the GPUs,
  // where there is one node), each direction: max-flow over usable rates. Nodes
  // fill trees in order, so this is the narrow cut. INT64_MAX where links are free.
  BytesPerSecond bisection() const;

  // What the routes are computed from; for graphs and drawings.
  const Wiring& wiring() const { return *wiring_; }

 private:
  void planned_route(RankId from, RankId to, std::vector<LinkId>& links, std::uint32_t path) const;

  ClusterSpec cluster_;
  Links links_;
  bool hashed_ = false;
  int paths_ = 1;
  std::shared_ptr<const Wiring> wiring_;
  std::shared_ptr<const Detours> detours_;  // null where no link has failed
};

}  // namespace orrery::topology
