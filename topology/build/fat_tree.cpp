#include <algorithm>
#include <numeric>
#include <string>

#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

int ceil_div(int a, int b) {
  return (a + b - 1) / b;
}

// Nodes of a pod. Two levels reach as many leaves as a spine switch has ports;
// beyond that leaves gather in pods of half as many, as in a folded Clos network
// of equal switches.
int pod_nodes(const ClusterSpec& cluster, const Wiring& w, int leaves_a_unit) {
  const FabricSpec& fabric = cluster.fabric;
  if (fabric.pod_gpus > 0) return std::max(1, fabric.pod_gpus / cluster.physical_gpus_per_node);
  const int leaves = ceil_div(cluster.nodes, w.nodes_per_leaf) * leaves_a_unit;
  if (leaves <= fabric.leaf_radix) return cluster.nodes;
  return w.nodes_per_leaf * std::max(1, fabric.leaf_radix / 2 / leaves_a_unit);
}

}  // namespace

// Every leaf has leaf_radix / 2 ports down; a bundle of uplinks carries (down
// ports x rate) / oversubscription, and a pod's the same of all its nodes.
void wire_tree(const ClusterSpec& cluster, int ports_a_node, Wiring& w) {
  const FabricSpec& fabric = cluster.fabric;
  const int down_ports = std::max(fabric.leaf_radix / 2, ports_a_node);
  const int leaves_a_unit = w.rails ? static_cast<int>(w.ports.size()) : 1;
  w.nodes_per_leaf = down_ports / ports_a_node;
  w.nodes_per_pod = pod_nodes(cluster, w, leaves_a_unit);
  w.pods = ceil_div(cluster.nodes, w.nodes_per_pod);
  w.larger_core = fabric.pod_gpus == 0 && w.pods > fabric.leaf_radix;

  w.leaves_per_pod = ceil_div(w.nodes_per_pod, w.nodes_per_leaf) * leaves_a_unit;
  const int last_pod = cluster.nodes - (w.pods - 1) * w.nodes_per_pod;
  w.leaves = (w.pods - 1) * w.leaves_per_pod + ceil_div(last_pod, w.nodes_per_leaf) * leaves_a_unit;
  w.leaf_uplink = usable(fabric, down_ports / fabric.oversubscription);

  const double below = static_cast<double>(w.nodes_per_pod) * ports_a_node * leaves_a_unit;
  const double above = static_cast<double>(w.leaves_per_pod) * down_ports / fabric.oversubscription;
  w.pod_uplink = usable(fabric, std::min(below, above) / fabric.pod_oversubscription);
}

// All NICs of a node hang on one leaf; nodes fill leaves in order.
void wire_fat_tree(const ClusterSpec& cluster, Wiring& w) {
  const int nics =
      std::accumulate(w.ports.begin(), w.ports.end(), 0, [](int n, const NicPort& p) { return n + p.nics; });
  wire_tree(cluster, nics, w);
}

}  // namespace orrery::topology
