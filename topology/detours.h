#pragma once

#include <span>
#include <vector>

#include "topology/graph.h"

namespace orrery::topology {

// Ways around failed links, found in the graph: shortest, the first of equals.
struct Detours {
  std::vector<LinkId> failed;                                 // in order
  FabricGraph graph;                                          // without them
  std::vector<std::vector<std::uint32_t>> leaving, reaching;  // edges of each vertex

  bool blocks(std::span<const LinkId> route) const;
  void route(RankId from, RankId to, std::vector<LinkId>& links) const;
};

// Gives the links that the spec's faults name what is left of their capacity. A
// bundle of wires that balanced routing loads evenly goes at the pace of its
// slowest wire that has not failed; adaptive routing uses what each has.
// Errors: a name that no link has; two GPUs without a path.
Result<Detours> apply_faults(const Fabric& fabric, Links& links);

}  // namespace orrery::topology
