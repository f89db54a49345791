#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/id.h"
#include "topology/fabric.h"

namespace orrery::topology {

// A node's NIC as the fabric sees it: what GPUs share, or what one GPU has of several.
struct NicPort {
  int nics = 1;
  BytesPerSecond capacity;
};

// Where everything stands. Links lie in blocks, in pairs of out (up) and in (down):
//
//   nvlink of each GPU | pcie of each GPU | ports of each node | leaves | pods
//
// so that an id is computed from coordinates and back. A leaf's uplinks are one
// link each direction, since balanced routing loads them evenly; a pod's too.
struct Wiring {
  int gpus = 0, gpus_per_node = 1, domain = 1;
  bool free = false;  // no links at all

  std::vector<NicPort> ports;          // of one node
  std::vector<std::uint32_t> port_of;  // of each GPU of a node

  bool rails = false;      // port r of every node hangs on leaf r of its unit
  int nodes_per_leaf = 0;  // 0: nothing joins the nodes; as many as there are: one switch
  int nodes_per_pod = 0;
  int leaves_per_pod = 0, leaves = 0, pods = 0;
  bool larger_core = false;  // more pods than a core of such switches joins
  BytesPerSecond leaf_uplink, pod_uplink;

  std::uint32_t pcie_base = 0, port_base = 0, leaf_base = 0, pod_base = 0, links = 0;

  std::uint32_t node_of(std::uint32_t gpu) const { return gpu / static_cast<std::uint32_t>(gpus_per_node); }
  std::uint32_t port_in_node(std::uint32_t gpu) const {
    return port_of[gpu % static_cast<std::uint32_t>(gpus_per_node)];
  }
  std::uint32_t pod_of(std::uint32_t node) const { return node / static_cast<std::uint32_t>(nodes_per_pod); }
  std::uint32_t leaf_of(std::uint32_t node, std::uint32_t port) const {
    const std::uint32_t pod = pod_of(node);
    const std::uint32_t unit =
        (node - pod * static_cast<std::uint32_t>(nodes_per_pod)) / static_cast<std::uint32_t>(nodes_per_leaf);
    const std::uint32_t leaf = rails ? unit * static_cast<std::uint32_t>(ports.size()) + port : unit;
    return pod * static_cast<std::uint32_t>(leaves_per_pod) + leaf;
  }
  bool has_network() const { return nodes_per_leaf > 0; }

  LinkId nvlink(std::uint32_t gpu, bool in) const { return {2 * gpu + in}; }
  LinkId pcie(std::uint32_t gpu, bool in) const { return {pcie_base + 2 * gpu + in}; }
  LinkId nic(std::uint32_t node, std::uint32_t port, bool in) const {
    return {port_base + 2 * (node * static_cast<std::uint32_t>(ports.size()) + port) + in};
  }
  LinkId leaf(std::uint32_t leaf, bool down) const { return {leaf_base + 2 * leaf + down}; }
  LinkId pod(std::uint32_t pod, bool down) const { return {pod_base + 2 * pod + down}; }
};

// The whole of it, or what cannot be wired. Errors name no place: the numbers
// may come from several.
Result<Wiring> wire(const ClusterSpec& cluster);

// Its parts, one builder each.
void wire_nodes(const ClusterSpec& cluster, Wiring& wiring);     // node.cpp
void wire_fat_tree(const ClusterSpec& cluster, Wiring& wiring);  // fat_tree.cpp
void wire_rails(const ClusterSpec& cluster, Wiring& wiring);     // rails.cpp

// Leaves of `ports_a_node` down ports a node under a tree of switches: two
// levels, or three with pods. Shared by fat_tree and rails.
void wire_tree(const ClusterSpec& cluster, int ports_a_node,
               Wiring& wiring);  // The share of the rating that large transfers reach.
BytesPerSecond usable(const FabricSpec& fabric, double ports);

}  // namespace orrery::topology
