#include "topology/fabric.h"

#include <algorithm>
#include <limits>
#include <string>

#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

Error unsupported(const std::string& what) {
  return {{}, what + " is not supported yet", Fault::unsupported};
}

bool is_free(const ClusterSpec& c) {
  return c.ideal || c.scale_up.kind == "ideal";
}

std::optional<Error> check_spec(const ClusterSpec& c) {
  if (c.gpus_per_node < 1 || c.nodes < 1) return Error{{}, "a cluster needs at least one node with one GPU"};
  if (c.domain_gpus() % c.gpus_per_node != 0)
    return Error{{},
                 "an NVLink domain of " + std::to_string(c.domain_gpus()) + " GPUs does not hold whole nodes of " +
                     std::to_string(c.gpus_per_node)};
  if (c.scale_up.kind != "nvswitch" && c.scale_up.kind != "ideal")
    return unsupported("cluster.scale_up.kind '" + c.scale_up.kind + "'");
  if (is_free(c) || c.gpus() <= c.domain_gpus()) return std::nullopt;
  if (c.fabric.kind == "none")
    return Error{{}, "cluster.fabric.kind is none, but " + std::to_string(c.nodes) + " nodes must be joined"};
  if (c.host.nics < 1)
    return Error{{}, "cluster.host.nics is 0, but " + std::to_string(c.nodes) + " nodes must be joined"};
  if (c.fabric.link.n < 1) return Error{{}, "cluster.fabric needs 'link', the rate of a NIC port"};
  return std::nullopt;
}

std::optional<Error> wire_network(const ClusterSpec& c, Wiring& w) {
  const FabricSpec& fabric = c.fabric;
  if (fabric.kind == "none" || c.host.nics < 1 || fabric.link.n < 1) return std::nullopt;
  wire_nodes(c, w);
  if (fabric.kind == "fat-tree") {
    wire_fat_tree(c, w);
  } else if (fabric.kind == "rail-optimized") {
    wire_rails(c, w);
  } else if (fabric.kind == "single-switch") {
    w.nodes_per_leaf = w.nodes_per_pod = c.nodes;
    w.leaves_per_pod = w.leaves = w.pods = 1;
  } else {
    return unsupported("cluster.fabric.kind '" + fabric.kind + "'");
  }
  return std::nullopt;
}

// Blocks in their order; a lone leaf has nothing above it, nor has a lone pod.
void lay_out(Wiring& w, int nodes) {
  const auto n = [](int count) { return 2 * static_cast<std::uint32_t>(count); };
  w.pcie_base = n(w.gpus);
  w.port_base = w.pcie_base + (w.has_network() ? n(w.gpus) : 0);
  w.leaf_base = w.port_base + n(nodes) * static_cast<std::uint32_t>(w.ports.size());
  w.pod_base = w.leaf_base + (w.leaves > 1 ? n(w.leaves) : 0);
  w.links = w.pod_base + (w.pods > 1 ? n(w.pods) : 0);
}

// Rates at or below zero would stop a run; where a description leaves PCIe out,
// the NIC behind it is the limit.
BytesPerSecond first_positive(BytesPerSecond a, BytesPerSecond b) {
  return a.n > 0 ? a : b;
}

IdVector<LinkId, FabricLink> make_links(const ClusterSpec& c, const Wiring& w) {
  IdVector<LinkId, FabricLink> links;
  links.reserve(w.links);
  const auto add = [&](LinkKind kind, BytesPerSecond capacity) {
    links.add({kind, capacity});
    links.add({kind, capacity});
  };
  const BytesPerSecond nvlink = first_positive(c.scale_up.usable, first_positive(c.scale_up.bandwidth, {1}));
  for (int gpu = 0; gpu < w.gpus; ++gpu) add(LinkKind::nvlink, nvlink);
  if (!w.has_network()) return links;
  for (int gpu = 0; gpu < w.gpus; ++gpu) {
    const NicPort& port = w.ports[w.port_in_node(static_cast<std::uint32_t>(gpu))];
    add(LinkKind::pcie, first_positive(c.host.pcie_bandwidth, port.capacity));
  }
  for (int node = 0; node < c.nodes; ++node)
    for (const NicPort& port : w.ports) add(LinkKind::nic, port.capacity);
  for (int leaf = 0; w.leaves > 1 && leaf < w.leaves; ++leaf) add(LinkKind::spine, w.leaf_uplink);
  for (int pod = 0; w.pods > 1 && pod < w.pods; ++pod) add(LinkKind::spine, w.pod_uplink);
  return links;
}

}  // namespace

Result<Wiring> wire(const ClusterSpec& cluster) {
  if (std::optional<Error> error = check_spec(cluster)) return *error;
  Wiring w;
  w.gpus = cluster.gpus();
  w.gpus_per_node = cluster.gpus_per_node;
  w.domain = cluster.domain_gpus();
  w.free = is_free(cluster);
  if (w.free) return w;
  if (std::optional<Error> error = wire_network(cluster, w)) return *error;
  lay_out(w, cluster.nodes);
  return w;
}

Result<Fabric> Fabric::build(const ClusterSpec& cluster) {
  Result<Wiring> wiring = wire(cluster);
  if (!wiring) return wiring.errors();
  Fabric fabric;
  fabric.cluster_ = cluster;
  if (!wiring->free) fabric.links_ = make_links(cluster, *wiring);
  fabric.wiring_ = std::make_shared<const Wiring>(std::move(*wiring));
  return fabric;
}

bool Fabric::same_domain(RankId a, RankId b) const {
  const auto domain = static_cast<std::uint32_t>(wiring_->domain);
  return a.value / domain == b.value / domain;
}

int Fabric::nics_per_node() const {
  return static_cast<int>(wiring_->ports.size());
}

void Fabric::route(RankId from, RankId to, std::vector<LinkId>& links) const {
  const Wiring& w = *wiring_;
  if (w.free || from == to) return;
  if (same_domain(from, to)) {
    links.insert(links.end(), {w.nvlink(from.value, false), w.nvlink(to.value, true)});
    return;
  }
  const std::uint32_t node_a = w.node_of(from.value), node_b = w.node_of(to.value);
  const std::uint32_t port_a = w.port_in_node(from.value), port_b = w.port_in_node(to.value);
  const std::uint32_t leaf_a = w.leaf_of(node_a, port_a), leaf_b = w.leaf_of(node_b, port_b);
  links.insert(links.end(), {w.pcie(from.value, false), w.nic(node_a, port_a, false)});
  if (leaf_a != leaf_b) {
    const std::uint32_t pod_a = w.pod_of(node_a), pod_b = w.pod_of(node_b);
    links.push_back(w.leaf(leaf_a, false));
    if (pod_a != pod_b) links.insert(links.end(), {w.pod(pod_a, false), w.pod(pod_b, true)});
    links.push_back(w.leaf(leaf_b, true));
  }
  links.insert(links.end(), {w.nic(node_b, port_b, true), w.pcie(to.value, true)});
}

Duration Fabric::latency(RankId from, RankId to) const {
  const Wiring& w = *wiring_;
  if (w.free || same_domain(from, to)) return {};
  const std::uint32_t node_a = w.node_of(from.value), node_b = w.node_of(to.value);
  const FabricSpec& spec = cluster_.fabric;
  if (w.leaf_of(node_a, w.port_in_node(from.value)) == w.leaf_of(node_b, w.port_in_node(to.value))) return spec.latency;
  // leaf, spine, leaf; or leaf, spine, core, spine, leaf
  return spec.latency + (w.pod_of(node_a) == w.pod_of(node_b) ? 2 : 4) * spec.switch_latency;
}

std::string Fabric::link_name(LinkId link) const {
  const Wiring& w = *wiring_;
  const std::uint32_t id = link.value;
  const auto name = [](std::string_view what, std::uint32_t n) { return std::string(what) + std::to_string(n); };
  const auto in_node = [&](std::string_view what, std::uint32_t n, std::size_t per_node) {
    return name("node", n / static_cast<std::uint32_t>(per_node)) + "/" +
           name(what, n % static_cast<std::uint32_t>(per_node));
  };
  const bool back = id % 2 != 0;
  const auto per_node = static_cast<std::size_t>(w.gpus_per_node);
  if (id < w.pcie_base) return in_node("gpu", id / 2, per_node) + (back ? " nvlink in" : " nvlink out");
  if (id < w.port_base) return in_node("gpu", (id - w.pcie_base) / 2, per_node) + (back ? " pcie in" : " pcie out");
  if (id < w.leaf_base) return in_node("nic", (id - w.port_base) / 2, w.ports.size()) + (back ? " in" : " out");
  if (id < w.pod_base) return name("leaf", (id - w.leaf_base) / 2) + (back ? " down" : " up");
  return name("pod", (id - w.pod_base) / 2) + (back ? " down" : " up");
}

}  // namespace orrery::topology
