#include "topology/build/host_tree.h"

#include <algorithm>

#include "topology/build/by_node.h"

namespace orrery::topology {
namespace {

std::uint32_t whole(int n) {
  return static_cast<std::uint32_t>(n);
}

// Of every node; nodes without a limit of their own carry what all their GPUs can send. Empty: none has one.
std::vector<BytesPerSecond> peer_rates(const ClusterSpec& cluster, BytesPerSecond HostSpec::*limit) {
  bool any = false;
  std::vector<BytesPerSecond> rates = by_node(cluster, [&](const ClusterSpec& all) {
    const BytesPerSecond rate = all.host.*limit;
    any = any || rate.n > 0;
    return rate.n > 0 ? rate : BytesPerSecond{std::max<std::int64_t>(1, all.host.pcie_bandwidth.n) * all.gpus_per_node};
  });
  if (!any) rates.clear();
  return rates;
}

}  // namespace

// The job uses G of the P GPUs of a physical node, spread evenly, and each of
// them the NICs that stand nearest to it: NICs are spread over GPUs as evenly as
// GPUs over NICs where those are fewer.
HostTree::HostTree(const ClusterSpec& cluster, bool gpu_links, bool all_paths)
    : nodes_(whole(cluster.nodes)),
      gpus_per_node_(whole(cluster.gpus_per_node)),
      pcie_switches_(whole(cluster.host.pcie_switches)),
      numa_(whole(std::max(1, cluster.host.numa))),
      gpu_rates_(by_node(
          cluster,
          [](const ClusterSpec& all) { return BytesPerSecond{std::max<std::int64_t>(1, all.host.pcie_bandwidth.n)}; })),
      socket_rates_(by_node(cluster, [](const ClusterSpec& all) { return all.host.socket_bandwidth; })),
      gpu_links_(gpu_links),
      joined_by_pcie_(cluster.scale_up.kind == "pcie") {
  const int physical = std::max(cluster.physical_gpus_per_node, cluster.gpus_per_node), nics = cluster.host.nics;
  for (int i = 0; i < cluster.gpus_per_node; ++i) {
    const int gpu = i * physical / cluster.gpus_per_node;
    gpu_place_.push_back(place_of(whole(gpu), whole(physical)));
    if (nics < 1) continue;
    const int nic = gpu * nics / physical;
    if (ports_.empty() || ports_.back().first_nic != nic) {
      ports_.push_back({std::max(1, (gpu + 1) * nics / physical - nic), nic});
      port_place_.push_back(place_of(whole(nic), whole(nics)));
      gpu_of_.push_back(whole(i));
    }
    port_of_.push_back(ports() - 1);
  }
  if (!gpu_links_) return;
  const bool shared_uplink = pcie_switches_ > 0 && whole(physical) > pcie_switches_;
  const bool anywhere = all_paths || meets_elsewhere();
  switch_links_ = pcie_switches_ > 0 && (shared_uplink || anywhere);
  numa_links_ = numa_ > 1 && anywhere;
  switch_base_ = nodes_ * gpus_per_node_;
  numa_base_ = switch_base_ + (switch_links_ ? nodes_ * pcie_switches_ : 0);
  if (all_paths) {
    peer_rates_ = peer_rates(cluster, &HostSpec::peer_bandwidth);
    if (numa_links_) peer_socket_rates_ = peer_rates(cluster, &HostSpec::peer_socket_bandwidth);
  }
  peer_base_ = numa_base_ + (numa_links_ ? nodes_ * numa_ : 0);
  peer_socket_base_ = peer_base_ + (peer_rates_.empty() ? 0 : nodes_ * root_ports());
}

// Spread in order: over the PCIe switches, or over root complexes where there are none.
std::uint32_t HostTree::place_of(std::uint32_t index, std::uint32_t count) const {
  return pcie_switches_ > 0 ? index * pcie_switches_ / count : index * numa_ / count;
}

std::uint32_t HostTree::numa_of(std::uint32_t place) const {
  return place < pcie_switches_ ? place * numa_ / pcie_switches_ : place - pcie_switches_;
}

bool HostTree::meets_elsewhere() const {
  for (std::size_t gpu = 0; gpu < port_of_.size(); ++gpu)
    if (gpu_place_[gpu] != port_place_[port_of_[gpu]]) return true;
  return false;
}

void HostTree::climb(std::uint32_t node, std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const {
  if (from == to) return;
  const bool switched = pcie_switches_ > 0;
  const std::uint32_t a = numa_of(from), b = numa_of(to);
  if (switched) links.push_back(out(switch_base_ + node * pcie_switches_ + from));
  if (a != b) links.insert(links.end(), {out(numa_base_ + node * numa_ + a), in(numa_base_ + node * numa_ + b)});
  if (switched) links.push_back(in(switch_base_ + node * pcie_switches_ + to));
}

void HostTree::to_port(std::uint32_t gpu, std::vector<LinkId>& links) const {
  const std::uint32_t local = gpu % gpus_per_node_;
  links.push_back(out(gpu));
  climb(gpu / gpus_per_node_, gpu_place_[local], port_place_[port_of_[local]], links);
}

void HostTree::from_port(std::uint32_t gpu, std::vector<LinkId>& links) const {
  const std::uint32_t local = gpu % gpus_per_node_;
  climb(gpu / gpus_per_node_, port_place_[port_of_[local]], gpu_place_[local], links);
  links.push_back(in(gpu));
}

void HostTree::between(std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const {
  links.push_back(out(from));
  climb(from / gpus_per_node_, gpu_place_[from % gpus_per_node_], gpu_place_[to % gpus_per_node_], links);
  links.push_back(in(to));
  if (!peer_rates_.empty() || !peer_socket_rates_.empty()) pass_peers(from, to, links);
}

// Without switches every GPU has a port to itself.
std::uint32_t HostTree::root_port_of(std::uint32_t gpu) const {
  const std::uint32_t local = gpu % gpus_per_node_;
  return gpu / gpus_per_node_ * root_ports() + (pcie_switches_ > 0 ? gpu_place_[local] : local);
}

void HostTree::pass_peers(std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const {
  const std::uint32_t a = root_port_of(from), b = root_port_of(to);
  if (a == b) return;
  if (!peer_rates_.empty()) links.insert(links.end(), {out(peer_base_ + a), in(peer_base_ + b)});
  const std::uint32_t here = numa_of(gpu_place_[from % gpus_per_node_]),
                      there = numa_of(gpu_place_[to % gpus_per_node_]);
  if (here == there || peer_socket_rates_.empty()) return;
  links.insert(links.end(), {out(peer_socket_base_ + a), in(peer_socket_base_ + b)});
}

// Memory is taken from the GPU's own NUMA domain.
void HostTree::memory(std::uint32_t gpu, bool to_host, std::vector<LinkId>& links) const {
  if (!gpu_links_) return;
  links.push_back(to_host ? out(gpu) : in(gpu));
  if (!switch_links_) return;
  const std::uint32_t pair = switch_base_ + gpu / gpus_per_node_ * pcie_switches_ + gpu_place_[gpu % gpus_per_node_];
  links.insert(to_host ? links.end() : links.end() - 1, to_host ? out(pair) : in(pair));
}

Vertex HostTree::attachment(std::uint32_t node, std::uint32_t port) const {
  return {true, node * (per_node() + 1) + port_place_[port]};
}

void HostTree::add_pairs(Links& links) const {
  if (!gpu_links_) return;
  links.reserve(links.size() + 2 * peer_base_);
  for (std::uint32_t gpu = 0; gpu < nodes_ * gpus_per_node_; ++gpu)
    add_pair(links, LinkKind::pcie, gpu_rates_[gpu / gpus_per_node_], joined_by_pcie_);
  for (std::uint32_t i = 0; switch_links_ && i < nodes_ * pcie_switches_; ++i)
    add_pair(links, LinkKind::pcie, gpu_rates_[i / pcie_switches_]);
  for (std::uint32_t i = 0; numa_links_ && i < nodes_ * numa_; ++i)
    add_pair(links, LinkKind::pcie, socket_rates_[i / numa_]);
  add_peer_links(links, peer_rates_);
  add_peer_links(links, peer_socket_rates_);
}

void HostTree::add_peer_links(Links& links, const std::vector<BytesPerSecond>& rates) const {
  for (const BytesPerSecond rate : rates)
    for (std::uint32_t port = 0; port < root_ports(); ++port) add_pair(links, LinkKind::pcie, rate);
}

std::string HostTree::name(std::uint32_t pair) const {
  const auto in_node = [](const char* what, std::uint32_t n, std::uint32_t per_node, const char* which) {
    return "node" + std::to_string(n / per_node) + "/" + what + std::to_string(n % per_node) + which;
  };
  if (pair < switch_base_) return in_node("gpu", pair, gpus_per_node_, " pcie");
  if (pair < numa_base_) return in_node("switch", pair - switch_base_, pcie_switches_, "");
  if (pair < peer_base_) return in_node("numa", pair - numa_base_, numa_, "");
  if (pair < peer_socket_base_) return in_node("port", pair - peer_base_, root_ports(), " peers");
  return in_node("port", pair - peer_socket_base_, root_ports(), " peers over sockets");
}

std::pair<std::string_view, std::string_view> HostTree::directions(std::uint32_t pair) const {
  return pair >= switch_base_ && pair < numa_base_ ? std::pair<std::string_view, std::string_view>("up", "down")
                                                   : std::pair<std::string_view, std::string_view>("out", "in");
}

std::pair<Vertex, Vertex> HostTree::ends(std::uint32_t pair) const {
  const std::uint32_t stride = per_node() + 1;
  if (pair < switch_base_) {
    const std::uint32_t place = gpu_place_[pair % gpus_per_node_];
    return {{false, pair}, {true, pair / gpus_per_node_ * stride + place}};
  }
  if (pair < numa_base_) {
    const std::uint32_t i = pair - switch_base_, node = i / pcie_switches_, place = i % pcie_switches_;
    return {{true, node * stride + place}, {true, node * stride + pcie_switches_ + numa_of(place)}};
  }
  // A limit and no wire: it begins and ends at one vertex.
  if (pair >= peer_base_) {
    const std::uint32_t i = pair - (pair < peer_socket_base_ ? peer_base_ : peer_socket_base_);
    const std::uint32_t node = i / root_ports(), local = i % root_ports();
    const Vertex at{true, node * stride + (pcie_switches_ > 0 ? local : gpu_place_[local])};
    return {at, at};
  }
  const std::uint32_t i = pair - numa_base_, node = i / numa_;
  return {{true, node * stride + pcie_switches_ + i % numa_}, {true, node * stride + per_node()}};
}

std::string HostTree::switch_name(std::uint32_t index) const {
  const std::uint32_t place = index % (per_node() + 1);
  const std::string node = "node" + std::to_string(index / (per_node() + 1)) + "/";
  if (place < pcie_switches_) return node + "switch" + std::to_string(place);
  return place == per_node() ? node + "sockets" : node + "numa" + std::to_string(place - pcie_switches_);
}

}  // namespace orrery::topology
