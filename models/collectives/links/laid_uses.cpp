#include "models/collectives/links/laid_uses.h"

#include <algorithm>

namespace orrery::models {
namespace {

using Order = std::vector<RankId>;

// A channel's way through every node of a group, and how many channels go that way: of
// each half of them, which take the two trees.
struct Way {
  std::vector<Order> through;  // by node
  std::uint32_t channels = 0;
  std::uint32_t first_half() const { return (channels + 1) / 2; }
  std::uint32_t second_half() const { return channels / 2; }
};

Order in_order(Domains::Members members, std::uint32_t per_node, const std::vector<std::uint32_t>& places) {
  Order order;
  for (const std::uint32_t place : places)
    order.push_back(
        *std::find_if(members.begin(), members.end(), [&](RankId rank) { return rank.value % per_node == place; }));
  return order;
}

// NCCL runs as many channels of the file as rings and trees both have: half of `channels`.
std::vector<Way> ways(const LinkCounter& links, const LaidChannels& laid, const Communicator& c) {
  const auto per_node = static_cast<std::uint32_t>(links.fabric().cluster().gpus_per_node);
  const std::size_t used = std::min<std::size_t>(laid.orders.size(), static_cast<std::size_t>(c.graph.channels) / 2);
  std::vector<Way> all;
  for (std::size_t i = 0; i < used; ++i) {
    Way way;
    for (const Domains::Members members : c.domains) way.through.push_back(in_order(members, per_node, laid.orders[i]));
    way.channels = static_cast<std::uint32_t>(static_cast<std::size_t>(c.graph.spread) / used);
    all.push_back(std::move(way));
  }
  return all;
}

void add_chain(LinkCounter& links, const Order& order, std::uint32_t channels, bool both_ways) {
  for (std::size_t m = 0; m + 1 < order.size(); ++m) {
    links.add(order[m], order[m + 1], channels);
    if (both_ways) links.add(order[m + 1], order[m], channels);
  }
}

}  // namespace

void add_laid_rings(LinkCounter& links, const LaidGraph& laid, const Communicator& c, bool closed) {
  for (const Way& way : ways(links, laid.rings, c)) {
    const std::size_t nodes = way.through.size();
    for (std::size_t node = 0; node < nodes; ++node) {
      const Order &here = way.through[node], &next = way.through[(node + 1) % nodes];
      add_chain(links, here, way.channels, false);
      if (node + 1 == nodes && !closed) continue;
      const bool leaves_by_last = nodes == 1 || laid.rings.cross_nic;
      links.add(leaves_by_last ? here.back() : here.front(), next.front(), way.channels);
    }
  }
}

void add_laid_trees(LinkCounter& links, const LaidGraph& laid, const Communicator& c) {
  for (const Way& way : ways(links, laid.trees, c)) {
    for (const Order& order : way.through) add_chain(links, order, way.channels, true);
    for (const bool second : {false, true})
      for (int node = 0; node < c.nodes(); ++node) {
        const int parent = tree_parent(node, c.nodes(), second);
        if (parent < 0) continue;
        const RankId own = way.through[static_cast<std::size_t>(node)].front();
        const RankId up = way.through[static_cast<std::size_t>(parent)].front();
        const std::uint32_t channels = second ? way.second_half() : way.first_half();
        links.add(own, up, channels);
        links.add(up, own, channels);
      }
  }
}

}  // namespace orrery::models
