#include <algorithm>

#include "topology/build/network.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
  return (a + b - 1) / b;
}

// Dragonfly+: groups of leaves and spines, and cables from every group to every
// other, as many as the group's NICs over pod_oversubscription, shared out evenly.
// Balanced routing is minimal: leaf, spine, the spine of the other group, leaf.
// Adaptive routing may go by a third group, so a group's cables serve as one: as
// good as it can be, for traffic that does not all want the same group.
class Dragonfly : public Network {
 public:
  Dragonfly(const ClusterSpec& c, const HostTree& host) : Network(c, host), pooled_(c.fabric.routing == "adaptive") {
    const FabricSpec& fabric = c.fabric;
    const std::uint32_t half = static_cast<std::uint32_t>(fabric.leaf_radix) / 2;
    const std::uint32_t down = std::max(half, nics_of_node());
    nodes_per_leaf_ = down / nics_of_node();
    const int physical = std::max(1, c.physical_gpus_per_node);
    nodes_per_group_ = fabric.pod_gpus > 0 ? static_cast<std::uint32_t>(std::max(1, fabric.pod_gpus / physical))
                                           : nodes_per_leaf_ * std::max(1u, half);
    nodes_per_group_ = std::min(nodes_per_group_, nodes());
    groups_ = ceil_div(nodes(), nodes_per_group_);
    leaves_per_group_ = ceil_div(nodes_per_group_, nodes_per_leaf_);
    const std::uint32_t last = nodes() - (groups_ - 1) * nodes_per_group_;
    leaves_ = (groups_ - 1) * leaves_per_group_ + ceil_div(last, nodes_per_leaf_);
    leaf_uplink_ = usable(fabric, down / fabric.oversubscription);
    const double cables = static_cast<double>(nodes_per_group_) * nics_of_node() / fabric.pod_oversubscription;
    global_ = usable(fabric, pooled_ || groups_ < 2 ? cables : cables / (groups_ - 1));
  }

  int switches_passed(std::uint32_t from, std::uint32_t to) const override {
    if (switch_of(from) == switch_of(to)) return 1;
    return group_of(from) == group_of(to) ? 3 : 4;
  }

  std::uint32_t switches() const override { return leaves_ + groups_ + (pooled_ ? 1 : 0); }
  std::string switch_name(std::uint32_t i) const override {
    if (i < leaves_) return "leaf" + std::to_string(i);
    return i < leaves_ + groups_ ? "group" + std::to_string(i - leaves_) : "groups";
  }
  int tier(std::uint32_t i) const override { return i < leaves_ ? 1 : i < leaves_ + groups_ ? 2 : 3; }

 protected:
  void climb(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    const std::uint32_t leaf_a = switch_of(from), leaf_b = switch_of(to);
    if (leaf_a == leaf_b) return;
    const std::uint32_t a = group_of(from), b = group_of(to);
    links.push_back(out(nics() + leaf_a));
    if (a != b && pooled_) {
      links.insert(links.end(), {out(nics() + leaf_pairs() + a), in(nics() + leaf_pairs() + b)});
    } else if (a != b) {
      const std::uint32_t pair = nics() + leaf_pairs() + cable(std::min(a, b), std::max(a, b));
      links.push_back(a < b ? out(pair) : in(pair));
    }
    links.push_back(in(nics() + leaf_b));
  }

  std::uint32_t switch_of(std::uint32_t port) const override {
    const std::uint32_t node = node_of(port), group = node / nodes_per_group_;
    return group * leaves_per_group_ + (node - group * nodes_per_group_) / nodes_per_leaf_;
  }

  void add_switch_pairs(Links& links) const override {
    for (std::uint32_t i = 0; i < leaf_pairs(); ++i) add_pair(links, LinkKind::spine, leaf_uplink_);
    for (std::uint32_t i = 0; i < global_pairs(); ++i) add_pair(links, LinkKind::spine, global_);
  }

  std::string switch_pair_name(std::uint32_t i) const override {
    if (i < leaf_pairs()) return "leaf" + std::to_string(i);
    if (pooled_) return "group" + std::to_string(i - leaf_pairs());
    const auto [a, b] = groups_of(i - leaf_pairs());
    return "group" + std::to_string(a) + "-group" + std::to_string(b);
  }

  std::pair<Vertex, Vertex> switch_ends(std::uint32_t i) const override {
    if (i < leaf_pairs()) return {{true, i}, {true, leaves_ + i / leaves_per_group_}};
    if (pooled_) return {{true, leaves_ + i - leaf_pairs()}, {true, leaves_ + groups_}};
    const auto [a, b] = groups_of(i - leaf_pairs());
    return {{true, leaves_ + a}, {true, leaves_ + b}};
  }

 private:
  std::uint32_t group_of(std::uint32_t port) const { return node_of(port) / nodes_per_group_; }
  std::uint32_t leaf_pairs() const { return leaves_ > 1 ? leaves_ : 0; }
  std::uint32_t global_pairs() const {
    if (groups_ < 2) return 0;
    return pooled_ ? groups_ : groups_ * (groups_ - 1) / 2;
  }
  // Number of the cables between groups a < b, row by row.
  std::uint32_t cable(std::uint32_t a, std::uint32_t b) const { return a * groups_ - a * (a + 1) / 2 + b - a - 1; }
  std::pair<std::uint32_t, std::uint32_t> groups_of(std::uint32_t cable_number) const {
    std::uint32_t a = 0;
    while (a + 2 < groups_ && cable(a + 1, a + 2) <= cable_number) ++a;
    return {a, cable_number - cable(a, a + 1) + a + 1};
  }

  bool pooled_;
  std::uint32_t nodes_per_leaf_ = 1, nodes_per_group_ = 1, leaves_per_group_ = 1, leaves_ = 1, groups_ = 1;
  BytesPerSecond leaf_uplink_, global_;
};

}  // namespace

std::unique_ptr<Interconnect> make_dragonfly(const ClusterSpec& cluster, const HostTree& host) {
  return std::make_unique<Dragonfly>(cluster, host);
}

}  // namespace orrery::topology
