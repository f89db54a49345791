#include "models/collectives/links/link_uses.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/collectives/links/exchange_uses.h"
#include "models/collectives/links/laid_uses.h"

namespace orrery::models {
namespace {

using sim::LinkUse;
using sim::LinkUses;
using topology::Fabric;
using topology::LinkKind;

using Members = Domains::Members;

// The orders in which channels pass the members.
std::vector<std::vector<RankId>> orders(const Fabric& fabric, Members members) {
  std::vector<std::vector<RankId>> found;
  for (const auto& ring : fabric.rings(members)) {
    found.emplace_back();
    for (const std::uint32_t place : ring) found.back().push_back(members[place]);
  }
  return found;
}

// Orders, and how many channels pass each: one for all where a switch joins the members.
template <class F>
void each_order(const Fabric& fabric, Members members, int channels, F f) {
  if (members.size() < 2) return;
  if (fabric.any_order()) return f(members, channels);
  const std::vector<std::vector<RankId>> all = orders(fabric, members);
  for (std::size_t r = 0; r < all.size(); ++r)
    f(all[r], static_cast<int>(turns(0, channels, static_cast<int>(r), static_cast<int>(all.size()))));
}

// A channel that starts at member e passes e, e+1, … and ends before e again, so
// the edge into e carries every channel but those that start there.
void add_chains(LinkCounter& links, Members members, int channels, bool both_ways) {
  each_order(links.fabric(), members, channels, [&](Members order, int passing) {
    const int n = static_cast<int>(order.size());
    for (int from = 0; from < n; ++from) {
      const int to = (from + 1) % n;
      const std::uint32_t crossing = static_cast<std::uint32_t>(passing) - turns(0, passing, to, n);
      links.add(order[from], order[to], crossing);
      if (both_ways) links.add(order[to], order[from], crossing);
    }
  });
}

// Channels [first, last) from one node to another, rail by rail.
void add_rails(LinkCounter& links, Members from, Members to, int first, int last) {
  if (from.size() == to.size()) {
    const int n = static_cast<int>(from.size());
    for (int m = 0; m < n; ++m) links.add(from[m], to[m], turns(first, last, m, n));
    return;
  }
  for (int c = first; c < last; ++c) links.add(from[c % from.size()], to[c % to.size()], 1);
}

void add_ring_inside(LinkCounter& links, Members members, int channels, bool closed) {
  each_order(links.fabric(), members, channels, [&](Members order, int passing) {
    const std::size_t n = order.size();
    for (std::size_t m = 0; m + (closed ? 0 : 1) < n; ++m)
      links.add(order[m], order[(m + 1) % n], static_cast<std::uint32_t>(passing));
  });
}

// First tree: x has parent (x xor b) or'ed with 2b, b its lowest set bit, or x xor b
// where that is out of range. Source: NCCL trees.cc.
int first_tree_parent(int node, int nodes) {
  if (node == 0) return -1;
  const int bit = node & -node, up = (node ^ bit) | (bit << 1);
  return up >= nodes ? node ^ bit : up;
}

}  // namespace

int tree_parent(int node, int nodes, bool second) {
  if (!second) return first_tree_parent(node, nodes);
  if (nodes % 2 == 0) {  // mirrored
    const int parent = first_tree_parent(nodes - 1 - node, nodes);
    return parent < 0 ? -1 : nodes - 1 - parent;
  }
  const int parent = first_tree_parent((node + nodes - 1) % nodes, nodes);  // shifted by one
  return parent < 0 ? -1 : (parent + 1) % nodes;
}

Footprint FootprintMaker::rates(std::span<const LinkUse> uses) const {
  Footprint f;
  f.nvlink_rate = f.network_rate = std::numeric_limits<double>::infinity();
  // Most links are like the one before, and division is slow.
  BytesPerSecond capacity{0};
  std::uint32_t connections = 0;
  LinkKind kind = LinkKind::nvlink;
  bool joins_gpus = true;
  for (const LinkUse& use : uses) {
    const topology::FabricLink& link = fabric_.links()[use.link];
    if (link.kind == kind && link.joins_gpus() == joins_gpus && link.capacity == capacity &&
        use.connections == connections)
      continue;
    kind = link.kind;
    joins_gpus = link.joins_gpus();
    capacity = link.capacity;
    connections = use.connections;
    double& rate = joins_gpus ? f.nvlink_rate : f.network_rate;
    const std::int64_t share = capacity.n / connections;  // whole bytes, as the network shares it
    rate = std::min(rate, static_cast<double>(share));
    if (pcie_ && kind == LinkKind::pcie && !joins_gpus) f.port_rate = std::min(f.port_rate, static_cast<double>(share));
  }
  for (double* rate : {&f.nvlink_rate, &f.network_rate, &f.port_rate})
    *rate *= fabric_.paths();  // a connection's flows together
  return f;
}

Footprint FootprintMaker::summarize(LinkUses uses) const {
  Footprint f = rates(uses);
  f.uses = std::make_shared<const LinkUses>(std::move(uses));
  return f;
}

TrafficFootprint FootprintMaker::make(Traffic traffic, const Communicator& c) {
  switch (traffic) {
    case Traffic::ring:
    case Traffic::chain:
      add_ring(c, traffic == Traffic::ring);
      break;
    case Traffic::tree:
      add_chains_and_trees(c);
      break;
    case Traffic::nvls:
      add_switches(c);
      add_trees(c, c.graph.nvls_channels);
      break;
    case Traffic::rails:
      add_rails_of_all(c);
      break;
    case Traffic::doubling:
      add_doubling(c);
      break;
    case Traffic::exchange:
      return exchange(c);
    case Traffic::shift:
      add_shift(c);
      break;
    case Traffic::gather:
    case Traffic::scatter:
      add_fan(c, traffic == Traffic::gather);
      break;
  }
  return {summarize(links_.take()), 1};
}

void FootprintMaker::add_ring(const Communicator& c, bool closed) {
  if (laid_ && is_laid_for(*laid_, c)) return add_laid_rings(links_, *laid_, c, closed);
  if (c.nodes() == 1) return add_ring_inside(links_, c.domains[0], c.graph.spread, closed);
  for (const Members members : c.domains) add_chains(links_, members, c.graph.spread, false);
  const std::size_t edges = c.domains.size() - (closed ? 0 : 1);
  for (std::size_t d = 0; d < edges; ++d)
    add_rails(links_, c.domains[d], c.domains[(d + 1) % c.domains.size()], 0, c.graph.spread);
}

void FootprintMaker::add_chains_and_trees(const Communicator& c) {
  if (laid_ && is_laid_for(*laid_, c)) return add_laid_trees(links_, *laid_, c);
  for (const Members members : c.domains) add_chains(links_, members, c.graph.spread, true);
  add_trees(c, c.graph.spread);
}

// NCCL's double binary tree over nodes; every edge carries its channels up and
// down. Half of the channels use each tree.
void FootprintMaker::add_trees(const Communicator& c, int channels) {
  const int half = channels / 2;
  for (bool second : {false, true})
    for (int node = 0; node < c.nodes(); ++node) {
      const int parent = tree_parent(node, c.nodes(), second);
      if (parent < 0) continue;
      const int first = second ? half : 0, last = second ? channels : half;
      add_rails(links_, c.domains[node], c.domains[parent], first, last);
      add_rails(links_, c.domains[parent], c.domains[node], first, last);
    }
}

// F16: a rank gives its whole buffer and what it reduced, and gets as much: 1 + 1/n
// of the buffer each way, in connections of one channel's part.
void FootprintMaker::add_switches(const Communicator& c) {
  for (const Members members : c.domains) {
    const int n = static_cast<int>(members.size());
    add_ring_inside(links_, members, c.graph.nvls_channels + (c.graph.nvls_channels + n - 1) / n, true);
  }
}

// The part of a rank goes up to the switch and comes back reduced: its NIC once each
// way. Rails of neighbouring domains name the same NICs and the links above them.
void FootprintMaker::add_rails_of_all(const Communicator& c) {
  const int channels = c.graph.spread;
  for (const Members members : c.domains) add_chains(links_, members, channels, true);
  for (std::size_t d = 0; d < c.domains.size(); ++d)
    add_rails(links_, c.domains[d], c.domains[(d + 1) % c.domains.size()], 0, channels);
}

void FootprintMaker::add_doubling(const Communicator& c) {
  const Members ranks = c.domains.all();
  const std::size_t n = ranks.size();
  for (std::size_t distance = 1; distance < n; distance *= 2)
    for (std::size_t r = 0; r < n; ++r)
      links_.add(ranks[r], ranks[(r + distance) % n], static_cast<std::uint32_t>(std::min(distance, n - distance)));
}

void FootprintMaker::add_shift(const Communicator& c) {
  const Members ranks = c.domains.all();
  for (std::size_t r = 0; r < ranks.size(); ++r) links_.add(ranks[r], ranks[(r + 1) % ranks.size()], 1);
}

void FootprintMaker::add_fan(const Communicator& c, bool to_first) {
  const RankId root = c.domains[0][0];
  for (RankId rank : c.domains.all()) to_first ? links_.add(rank, root, 1) : links_.add(root, rank, 1);
}

// One connection a pair.
TrafficFootprint FootprintMaker::exchange(const Communicator& c) {
  add_exchange(links_, c);
  return in_channels(1, c.graph.spread);
}

// What was counted would outweigh every neighbour on a shared link: the ratios are
// kept, the number is brought near that of the channels. `bytes` are those of one.
TrafficFootprint FootprintMaker::in_channels(double bytes, int channels) {
  LinkUses uses = links_.take();
  std::uint32_t divisor = 0, heaviest = 0;
  for (const LinkUse& use : uses)
    divisor = std::gcd(divisor, use.connections), heaviest = std::max(heaviest, use.connections);
  if (divisor == 0) return {summarize({}), 1};
  const std::uint32_t times = std::max(1u, static_cast<std::uint32_t>(channels) / (heaviest / divisor));
  for (LinkUse& use : uses) use.connections = use.connections / divisor * times;
  return {summarize(std::move(uses)), bytes * divisor / times};
}

// Unequal messages are counted in parts of the largest, rounded up.
TrafficFootprint FootprintMaker::step(const Step& step, std::span<const RankId> ranks) {
  constexpr double kParts = 1024;
  constexpr int kChannels = 16;
  double largest = 0, least = std::numeric_limits<double>::infinity();
  for (const Message& m : step.messages) largest = std::max(largest, m.bytes), least = std::min(least, m.bytes);
  const double unit = least == largest ? largest : largest / kParts;
  for (const Message& m : step.messages)
    links_.add(ranks[m.from], ranks[m.to], static_cast<std::uint32_t>(std::ceil(m.bytes / unit - 1e-9)));
  return in_channels(unit, kChannels);
}

// Asked for every pair of neighbours of a pipeline, so it counts nothing: a route
// names each link once.
std::span<const LinkUse> FootprintMaker::route(RankId from, RankId to, std::uint32_t connections) {
  if (fabric_.hashed()) {
    links_.add(from, to, connections);
    const LinkUses counted = links_.take();
    route_uses_.assign(counted.begin(), counted.end());
    return route_uses_;
  }
  route_.clear();
  fabric_.route(from, to, route_);
  std::sort(route_.begin(), route_.end());
  route_uses_.clear();
  for (const LinkId link : route_) route_uses_.push_back({link, connections});
  return route_uses_;
}

Footprint FootprintMaker::host(RankId rank, bool to_host) {
  route_.clear();
  fabric_.host_route(rank, to_host, route_);
  LinkUses uses;
  for (const LinkId link : route_) uses.push_back({link, 1});
  return summarize(std::move(uses));
}

}  // namespace orrery::models
