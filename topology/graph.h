#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/fabric.h"

namespace orrery::topology {

// A fabric as a graph, for drawings, max-flow and checks: every link of the
// fabric once, from one vertex to another. Vertices are numbered GPUs first (a
// GPU's vertex is its index), then switches of the scale-up, PCIe switches and
// root complexes of the hosts, switches of the network.
struct FabricGraph {
  struct Edge {
    std::uint32_t from = 0, to = 0;
    LinkId link;
  };
  std::vector<Edge> edges;  // in the order of links
  std::uint32_t vertices = 0;
  std::uint32_t gpus = 0, hosts = 0, network = 0;  // where GPUs end, hosts and network begin
};

FabricGraph graph_of(const Fabric& fabric);

// "node0/gpu3", "leaf2"; and how far above the GPUs it stands: 0 a GPU, 1 inside a
// node, from 2 on the network's tiers.
std::string vertex_name(const Fabric& fabric, const FabricGraph& graph, std::uint32_t vertex);
int vertex_tier(const Fabric& fabric, const FabricGraph& graph, std::uint32_t vertex);

}  // namespace orrery::topology
