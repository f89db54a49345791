#include "models/collectives/links/communicator.h"

#include <algorithm>

namespace orrery::models {
namespace {

constexpr double kGiga = 1e9;

// NICs that one domain's ranks use between them.
int nics_used(const topology::Fabric& fabric, Domains::Members members) {
  const int per_node = std::max(1, fabric.cluster().gpus_per_node);
  const int nics = std::max(1, fabric.nics_per_node());
  std::vector<int> used;
  used.reserve(members.size());
  for (RankId rank : members) {
    const int local = static_cast<int>(rank.value) % per_node;
    used.push_back(fabric.node_of(rank) * nics + local * nics / per_node);
  }
  std::sort(used.begin(), used.end());
  return static_cast<int>(std::unique(used.begin(), used.end()) - used.begin());
}

// What NCCL's search reckons with between GPUs that PCIe joins, GB/s: 24 of what x16 of Gen4 carries (graph/topo.h), or
// what it allows the sockets' link.
double pcie_budget(const topology::ClusterSpec& cluster, Domains::Members members) {
  constexpr double kOfUsable = 0.88;
  const auto numa_of = [&](RankId rank) {
    const int per_node = std::max(1, cluster.gpus_per_node);
    return static_cast<int>(rank.value) % per_node * std::max(1, cluster.host.numa) / per_node;
  };
  const bool over_sockets =
      std::any_of(members.begin(), members.end(), [&](RankId rank) { return numa_of(rank) != numa_of(members[0]); });
  const double near = kOfUsable * static_cast<double>(cluster.host.pcie_bandwidth.n) / kGiga;
  const double socket = static_cast<double>(cluster.host.socket_budget.n) / kGiga;
  return over_sockets && socket > 0 ? std::min(near, socket) : near;
}

}  // namespace

Site make_site(const topology::ClusterSpec& cluster, std::shared_ptr<const CollectiveFacts> facts) {
  const int ports = std::max(1, cluster.host.nics / std::max(1, cluster.physical_gpus_per_node));
  Site site;
  site.generation = generation_of(cluster.gpu);
  site.amd_host = cluster.cpu_vendor == "amd";
  site.nvlink_budget = static_cast<double>(cluster.scale_up.usable.n) / kGiga;
  site.nic_rate = static_cast<double>(cluster.fabric.link.n) / kGiga * ports;
  site.nvls = cluster.scale_up.in_network_reduction && site.generation >= Generation::hopper;
  site.sharp = cluster.fabric.sharp;
  site.pcie = cluster.scale_up.kind == "pcie";
  site.facts = std::move(facts);
  return site;
}

Site common(const Site& a, const Site& b) {
  Site site = a.generation <= b.generation ? a : b;
  site.amd_host = a.amd_host || b.amd_host;
  site.nvlink_budget = std::min(a.nvlink_budget, b.nvlink_budget);
  site.nic_rate = std::min(a.nic_rate, b.nic_rate);
  site.nvls = a.nvls && b.nvls;
  site.sharp = a.sharp && b.sharp;
  site.pcie = a.pcie || b.pcie;
  return site;
}

Sites::Sites(const topology::ClusterSpec& cluster, const std::shared_ptr<const CollectiveFacts>& facts)
    : cluster_(cluster) {
  for (int kind = 0; kind < cluster.kinds(); ++kind)
    of_kind_.push_back(make_site(
        cluster.all_of(kind), facts && !facts->kinds.empty() ? facts->kinds[static_cast<std::size_t>(kind)] : facts));
}

const Site& Sites::of(std::span<const RankId> ranks) const {
  if (of_kind_.size() == 1) return of_kind_.front();
  std::vector<int> kinds;
  for (const RankId rank : ranks)
    if (const int kind = cluster_.kind_of(rank); std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.push_back(kind);
  if (kinds.size() == 1) return of_kind_[static_cast<std::size_t>(kinds.front())];
  std::sort(kinds.begin(), kinds.end());
  const auto [at, is_new] = of_several_.try_emplace(kinds);
  if (is_new) {
    at->second = of_kind_[static_cast<std::size_t>(kinds.front())];
    for (const int kind : kinds) at->second = common(at->second, of_kind_[static_cast<std::size_t>(kind)]);
  }
  return at->second;
}

Communicator make_communicator(const topology::Fabric& fabric, const Site& site, std::span<const RankId> ranks) {
  Communicator c;
  c.site = site;
  c.ranks = static_cast<int>(ranks.size());
  c.domains = Domains(ranks, static_cast<std::uint32_t>(fabric.cluster().domain_gpus()));
  for (const Domains::Members members : c.domains)
    c.ranks_per_domain = std::max(c.ranks_per_domain, static_cast<int>(members.size()));
  c.even = c.ranks == c.ranks_per_domain * c.nodes();
  for (std::size_t d = 1; d < c.domains.size(); ++d)
    c.network_latency =
        std::max(c.network_latency, fabric.latency(c.domains[d - 1][0], c.domains[d][0]).seconds() * 1e6);
  if (site.pcie && c.nodes() == 1) {
    c.graph = pcie_graph(site.generation, pcie_budget(fabric.cluster(), c.domains[0]));
    return c;
  }
  c.graph = channel_graph(site.generation, site.nvlink_budget, c.nodes(), c.ranks_per_domain,
                          nics_used(fabric, c.domains[0]), site.nic_rate, site.facts->nccl.unknown_speeds);
  return c;
}

}  // namespace orrery::models
