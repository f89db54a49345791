#pragma once

#include <map>
#include <span>
#include <vector>

#include "models/collectives/facts.h"
#include "models/collectives/links/domains.h"
#include "models/collectives/nccl/channels.h"
#include "topology/fabric.h"

namespace orrery::models {

// What all communicators of a cluster share.
struct Site {
  Generation generation = Generation::hopper;
  bool amd_host = false;
  double nvlink_budget = 0;  // GB/s of one GPU and direction
  double nic_rate = 0;       // rated GB/s of a GPU's way out of its node; several ports count together
  bool nvls = false;         // NVLink switches reduce
  bool sharp = false;        // the network's switches reduce
  bool pcie = false;         // no NVLink: PCIe stands in for it
  std::shared_ptr<const CollectiveFacts> facts;  // never null
};
Site make_site(const topology::ClusterSpec& cluster, std::shared_ptr<const CollectiveFacts> facts);

// Of ranks on both: NCCL plans for the oldest GPU and the slowest way (ncclTopoSearch, minCompCap).
Site common(const Site& a, const Site& b);

// The sites of a cluster's kinds of nodes, and of ranks on several of them.
class Sites {
 public:
  Sites(const topology::ClusterSpec& cluster, const std::shared_ptr<const CollectiveFacts>& facts);
  // Stays where it is as long as this object lives.
  const Site& of(std::span<const RankId> ranks) const;

 private:
  const topology::ClusterSpec& cluster_;
  std::vector<Site> of_kind_;
  mutable std::map<std::vector<int>, Site> of_several_;
};

// A group as NCCL sees it: its ranks by NVLink domain ("node"), in the order in
// which the group first names each domain.
struct Communicator {
  Domains domains;
  int ranks = 0;
  int ranks_per_domain = 0;  // of the largest
  Site site;
  double network_latency = 0;  // microseconds added to a hop between domains
  ChannelGraph graph;

  bool even = true;   // as many ranks in each domain
  bool int8 = false;  // what it sums are bytes: slower, and no NVLS does it

  int nodes() const { return static_cast<int>(domains.size()); }
};

Communicator make_communicator(const topology::Fabric& fabric, const Site& site, std::span<const RankId> ranks);

}  // namespace orrery::models
