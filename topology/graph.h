#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/fabric.h"

namespace orrery::topology {

// A fabric as a graph, for drawings, max-flow and checks: every link of the
// fabric once, from one vertex to another. Vertices are numbered GPUs first (a
// GPU's vertex is its index), then NVLink domains, NICs, leaves, pods' spines
// and the core.
struct FabricGraph {
  struct Edge {
    std::uint32_t from = 0, to = 0;
    LinkId link;
  };
  std::vector<Edge> edges;  // in the order of links
  std::uint32_t vertices = 0;
};

FabricGraph graph_of(const Fabric& fabric);

}  // namespace orrery::topology
