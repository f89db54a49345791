#include <algorithm>
#include <cmath>

#include "topology/build/network.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
  return (a + b - 1) / b;
}

std::uint32_t whole(int n) {
  return static_cast<std::uint32_t>(n);
}

// A hash of the flow's header, as switches take one; every queue pair has another port.
std::uint64_t hash(std::uint32_t from, std::uint32_t to, std::uint32_t path) {
  std::uint64_t x = (std::uint64_t{from} << 32 | to) + 0x9e3779b97f4a7c15 * (path + 1);
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

// Leaves, and spines above them, and cores above those where pods are needed.
//
// fat-tree: all NICs of a node on one leaf, nodes fill leaves in order. rails: port
// r of every node of a unit on the unit's leaf r, all leaves under one spine level.
// planes: rails that never meet (multi-plane; rail-only has one switch a rail).
//
// Balanced and adaptive routing spread every flow over all uplinks, so a leaf's
// uplinks are one link each direction, and a pod's too. Where a flow takes one
// uplink (deterministic, ecmp), each is a link.
class FatTree : public Network {
 public:
  FatTree(const ClusterSpec& c, const HostTree& host)
      : Network(c, host), routing_(c.fabric.routing), rails_(c.fabric.kind != "fat-tree") {
    const FabricSpec& fabric = c.fabric;
    const bool apart = fabric.kind == "multi-plane" || fabric.kind == "rail-only";
    planes_ = apart ? ports() : 1;
    one_path_ = routing_ == "deterministic" || routing_ == "ecmp";
    std::uint32_t ports_a_node = nics_of_node();
    if (rails_) {
      ports_a_node = 1;
      for (std::uint32_t p = 0; p < ports(); ++p) ports_a_node = std::max(ports_a_node, whole(host.port(p).nics));
    }
    if (fabric.kind == "rail-only" || fabric.kind == "single-switch") {
      one_switch(fabric.kind == "single-switch");
    } else {
      shape(fabric, ports_a_node, whole(fabric.pod_gpus / std::max(1, c.physical_gpus_per_node)));
    }
  }

  bool larger_core() const { return larger_core_; }

  bool joins(std::uint32_t from, std::uint32_t to) const override { return plane_of(from) == plane_of(to); }

  int switches_passed(std::uint32_t from, std::uint32_t to) const override {
    if (switch_of(from) == switch_of(to)) return 1;
    return pod_of(from) == pod_of(to) ? 3 : 5;
  }

  std::optional<std::uint32_t> leaf_of(std::uint32_t port) const override {
    if (one_path_) return std::nullopt;
    return switch_of(port);
  }

  std::uint32_t switches() const override { return leaves_ + spines() + cores(); }
  std::string switch_name(std::uint32_t i) const override {
    if (i < leaves_) return "leaf" + std::to_string(i);
    if (i < leaves_ + spines()) return (one_path_ ? "spine" : "spines") + std::to_string(i - leaves_);
    return (one_path_ ? "core" : "cores") + std::to_string(i - leaves_ - spines());
  }
  int tier(std::uint32_t i) const override { return i < leaves_ ? 1 : i < leaves_ + spines() ? 2 : 3; }

  int wires(std::uint32_t pair) const override {
    if (one_path_ || pair < nics()) return 1;
    return static_cast<int>(pair - nics() < leaf_pairs() ? uplinks_ : uplinks_ * core_uplinks_);
  }
  std::string wire_name(std::uint32_t pair, int wire) const override {
    if (wires(pair) == 1) return name(pair);
    const std::uint32_t i = pair - nics(), w = whole(wire);
    if (i < leaf_pairs()) return leaf_spine(i, w);
    return spine_core((i - leaf_pairs()) * uplinks_ + w / core_uplinks_, w % core_uplinks_);
  }

 protected:
  void climb(std::uint32_t from, std::uint32_t to, std::uint32_t path, std::vector<LinkId>& links) const override {
    const std::uint32_t leaf_a = switch_of(from), leaf_b = switch_of(to);
    if (leaf_a == leaf_b) return;
    const auto way = choice(from, to, path);
    const std::uint32_t s = way.first, core = way.second;  // captured below, as bindings cannot be
    const std::uint32_t pod_a = pod_of(from), pod_b = pod_of(to);
    links.push_back(out(nics() + leaf_a * ways() + s));
    if (pod_a != pod_b) {
      const std::uint32_t plane = plane_of(from);
      const auto pair = [&](std::uint32_t pod) {
        return nics() + leaf_pairs() + ((pod * planes_ + plane) * ways() + s) * core_ways() + core;
      };
      links.insert(links.end(), {out(pair(pod_a)), in(pair(pod_b))});
    }
    links.push_back(in(nics() + leaf_b * ways() + s));
  }

  std::uint32_t switch_of(std::uint32_t port) const override {
    const std::uint32_t node = node_of(port), pod = node / nodes_per_pod_;
    const std::uint32_t unit = (node - pod * nodes_per_pod_) / nodes_per_leaf_;
    return pod * leaves_per_pod_ + (rails_ ? unit * ports() + port % ports() : unit);
  }

  void add_switch_pairs(Links& links) const override {
    for (std::uint32_t i = 0; i < leaf_pairs(); ++i) add_pair(links, LinkKind::spine, {leaf_uplink_.n / ways()});
    for (std::uint32_t i = 0; i < pod_pairs(); ++i)
      add_pair(links, LinkKind::spine, {pod_uplink_.n / (ways() * core_ways())});
  }

  std::string switch_pair_name(std::uint32_t i) const override {
    if (i < leaf_pairs()) return one_path_ ? leaf_spine(i / ways(), i % ways()) : "leaf" + std::to_string(i);
    const std::uint32_t p = i - leaf_pairs();
    if (one_path_) return spine_core(p / core_ways(), p % core_ways());
    return "pod" + std::to_string(p / planes_) + (planes_ > 1 ? "/plane" + std::to_string(p % planes_) : "");
  }

  std::pair<Vertex, Vertex> switch_ends(std::uint32_t i) const override {
    if (i < leaf_pairs()) {
      const std::uint32_t leaf = i / ways();
      return {{true, leaf}, {true, leaves_ + spine_of(leaf, i % ways())}};
    }
    const std::uint32_t p = i - leaf_pairs(), spine = p / core_ways();
    return {{true, leaves_ + spine},
            {true, leaves_ + spines() + spine % (planes_ * ways()) * core_ways() + p % core_ways()}};
  }

 private:
  void one_switch(bool shared) {
    rails_ = !shared;
    nodes_per_leaf_ = nodes_per_pod_ = nodes();
    leaves_per_pod_ = leaves_ = shared ? 1 : ports();
    pods_ = 1;
  }

  // Half of a leaf's ports point down. Its uplinks carry (down ports x rate) /
  // oversubscription, and a pod's the same of all its nodes.
  void shape(const FabricSpec& fabric, std::uint32_t ports_a_node, std::uint32_t pod_nodes) {
    const std::uint32_t down = std::max(whole(fabric.leaf_radix) / 2, ports_a_node);
    const std::uint32_t leaves_a_unit = rails_ ? ports() : 1;
    nodes_per_leaf_ = down / ports_a_node;
    nodes_per_pod_ = pod_nodes > 0 ? pod_nodes : nodes_of_pod(fabric, planes_ > 1 ? 1 : leaves_a_unit);
    pods_ = ceil_div(nodes(), nodes_per_pod_);
    larger_core_ = pod_nodes == 0 && pods_ > whole(fabric.leaf_radix);
    leaves_per_pod_ = ceil_div(nodes_per_pod_, nodes_per_leaf_) * leaves_a_unit;
    const std::uint32_t last_pod = nodes() - (pods_ - 1) * nodes_per_pod_;
    leaves_ = (pods_ - 1) * leaves_per_pod_ + ceil_div(last_pod, nodes_per_leaf_) * leaves_a_unit;
    leaf_uplink_ = usable(fabric, down / fabric.oversubscription);
    uplinks_ = up(down / fabric.oversubscription);

    const double below = static_cast<double>(nodes_per_pod_) * ports_a_node * leaves_a_unit;
    const double above = static_cast<double>(leaves_per_pod_) * down / fabric.oversubscription;
    const double cables = std::min(below, above) / fabric.pod_oversubscription / planes_;
    pod_uplink_ = usable(fabric, cables);
    core_uplinks_ = up(cables / uplinks_);
  }

  // Two levels reach as many leaves as a spine switch has ports; beyond that leaves
  // gather in pods of half as many, as in a folded Clos network of equal switches.
  std::uint32_t nodes_of_pod(const FabricSpec& fabric, std::uint32_t leaves_a_unit) const {
    const std::uint32_t radix = whole(fabric.leaf_radix);
    if (ceil_div(nodes(), nodes_per_leaf_) * leaves_a_unit <= radix) return nodes();
    return nodes_per_leaf_ * std::max(1u, radix / 2 / leaves_a_unit);
  }

  // Cables are whole; what they carry together is not rounded.
  static std::uint32_t up(double cables) {
    return static_cast<std::uint32_t>(std::clamp(std::ceil(cables - 1e-9), 1.0, 65'536.0));
  }

  // Which spine, and which of its cores. Deterministic: by the destination, as
  // InfiniBand's fat-tree routing does.
  std::pair<std::uint32_t, std::uint32_t> choice(std::uint32_t from, std::uint32_t to, std::uint32_t path) const {
    if (!one_path_) return {0, 0};
    if (routing_ == "deterministic") {
      const std::uint32_t place = (rails_ ? node_of(to) : to) + path;
      return {place % uplinks_, place / uplinks_ % core_uplinks_};
    }
    const std::uint64_t h = hash(from, to, path);
    return {static_cast<std::uint32_t>(h % uplinks_), static_cast<std::uint32_t>((h >> 32) % core_uplinks_)};
  }

  std::uint32_t pod_of(std::uint32_t port) const { return node_of(port) / nodes_per_pod_; }
  std::uint32_t plane_of(std::uint32_t port) const { return planes_ > 1 ? port % ports() : 0; }
  std::uint32_t ways() const { return one_path_ ? uplinks_ : 1; }
  std::uint32_t core_ways() const { return one_path_ ? core_uplinks_ : 1; }
  // A lone leaf has nothing above it, nor has a lone pod.
  std::uint32_t leaf_pairs() const { return leaves_ > planes_ ? leaves_ * ways() : 0; }
  std::uint32_t pod_pairs() const { return pods_ > 1 ? pods_ * planes_ * ways() * core_ways() : 0; }
  std::uint32_t spines() const { return leaf_pairs() > 0 ? pods_ * planes_ * ways() : 0; }
  std::uint32_t cores() const { return pods_ > 1 ? planes_ * ways() * core_ways() : 0; }
  std::uint32_t spine_of(std::uint32_t leaf, std::uint32_t way) const { return spine_number(leaf, way, ways()); }
  std::uint32_t spine_number(std::uint32_t leaf, std::uint32_t way, std::uint32_t of) const {
    const std::uint32_t plane = planes_ > 1 ? leaf % ports() : 0;
    return (leaf / leaves_per_pod_ * planes_ + plane) * of + way;
  }
  std::string leaf_spine(std::uint32_t leaf, std::uint32_t way) const {
    return "leaf" + std::to_string(leaf) + "-spine" + std::to_string(spine_number(leaf, way, uplinks_));
  }
  std::string spine_core(std::uint32_t spine, std::uint32_t core) const {
    return "spine" + std::to_string(spine) + "-core" +
           std::to_string(spine % (planes_ * uplinks_) * core_uplinks_ + core);
  }

  std::string routing_;
  bool rails_, one_path_ = false, larger_core_ = false;
  std::uint32_t planes_ = 1, uplinks_ = 1, core_uplinks_ = 1;  // of a leaf; of a spine
  std::uint32_t nodes_per_leaf_ = 1, nodes_per_pod_ = 1, leaves_per_pod_ = 1, leaves_ = 1, pods_ = 1;
  BytesPerSecond leaf_uplink_, pod_uplink_;
};

}  // namespace

std::unique_ptr<Interconnect> make_fat_tree(const ClusterSpec& cluster, const HostTree& host, bool& larger_core) {
  auto tree = std::make_unique<FatTree>(cluster, host);
  larger_core = tree->larger_core();
  return tree;
}

}  // namespace orrery::topology
