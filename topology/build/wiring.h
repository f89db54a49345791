#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "topology/build/host_tree.h"
#include "topology/fabric.h"
#include "topology/part.h"

namespace orrery::topology {

// A fabric's parts. Which of them there are depends on the cluster.
struct Wiring {
  std::uint32_t gpus = 0, gpus_per_node = 1, domain = 1;
  bool free = false;  // no links at all

  std::unique_ptr<Interconnect> scale_up;  // among GPUs; null where only PCIe joins them
  std::unique_ptr<HostTree> host;          // GPUs, PCIe switches, sockets, NICs
  std::unique_ptr<Interconnect> network;   // among NICs' ports, numbered node by node; null for none
  bool larger_core = false;                // more pods than a core of such switches joins

  std::uint32_t node_of(std::uint32_t gpu) const { return gpu / gpus_per_node; }
  std::uint32_t port_of(std::uint32_t gpu) const {
    return node_of(gpu) * host->ports() + host->port_in_node(gpu % gpus_per_node);
  }
};

// The whole of it, links not yet placed, or what cannot be wired. Errors name no
// place: the numbers may come from several.
Result<Wiring> wire(const ClusterSpec& cluster);

// The share of a port's rating that large transfers reach, times `ports`.
BytesPerSecond usable(const FabricSpec& fabric, double ports);

// Builders of the parts, one a file.
std::unique_ptr<Interconnect> make_nvswitch(const ClusterSpec& cluster);
std::unique_ptr<Interconnect> make_mesh(const ClusterSpec& cluster);
std::unique_ptr<Interconnect> make_torus(const ClusterSpec& cluster);

std::unique_ptr<Interconnect> make_fat_tree(const ClusterSpec& cluster, const HostTree& host, bool& larger_core);
std::unique_ptr<Interconnect> make_dragonfly(const ClusterSpec& cluster, const HostTree& host);
std::unique_ptr<Interconnect> make_torus_of_nodes(const ClusterSpec& cluster, const HostTree& host);

// What a file lists, or why it cannot be wired to these hosts.
Result<std::unique_ptr<Interconnect>> make_listed(const ClusterSpec& cluster, const HostTree& host);

}  // namespace orrery::topology
