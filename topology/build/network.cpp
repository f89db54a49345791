#include "topology/build/network.h"

#include "topology/build/by_node.h"
#include "topology/build/wiring.h"

namespace orrery::topology {

BytesPerSecond usable(const FabricSpec& fabric, double ports) {
  return {static_cast<std::int64_t>(static_cast<double>(fabric.link.n) * fabric.efficiency * ports + 0.5)};
}

Network::Network(const ClusterSpec& cluster, const HostTree& host)
    : nodes_(static_cast<std::uint32_t>(cluster.nodes)), ports_(host.ports()) {
  for (std::uint32_t p = 0; p < ports_; ++p) nics_of_node_ += static_cast<std::uint32_t>(host.port(p).nics);
  rates_ = by_node(cluster, [&](const ClusterSpec& all) {
    std::vector<BytesPerSecond> rates;
    for (std::uint32_t p = 0; p < ports_; ++p) rates.push_back(usable(all.fabric, host.port(p).nics));
    return rates;
  });
}

void Network::route(std::uint32_t from, std::uint32_t to, std::uint32_t path, std::vector<LinkId>& links) const {
  links.push_back(out(from));
  climb(from, to, path, links);
  links.push_back(in(to));
}

void Network::add_pairs(Links& links) const {
  for (const std::vector<BytesPerSecond>& node : rates_)
    for (BytesPerSecond rate : node) add_pair(links, LinkKind::nic, rate);
  add_switch_pairs(links);
}

std::string Network::name(std::uint32_t pair) const {
  if (pair >= nics()) return switch_pair_name(pair - nics());
  return "node" + std::to_string(node_of(pair)) + "/nic" + std::to_string(pair % ports());
}

std::pair<std::string_view, std::string_view> Network::directions(std::uint32_t pair) const {
  if (pair >= nics()) return {"up", "down"};
  return {"out", "in"};
}

std::pair<Vertex, Vertex> Network::ends(std::uint32_t pair) const {
  if (pair >= nics()) return switch_ends(pair - nics());
  return {{false, pair}, {true, switch_of(pair)}};
}

}  // namespace orrery::topology
