#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "topology/fabric.h"
#include "topology/graph.h"

namespace orrery::report {

// What `orrery topo` says of a fabric, before anybody prints it. Rates are usable
// ones, one direction.

struct TierView {
  std::string name;  // "leaf", "spine", "core"
  int switches = 0;
  double down_bytes = 0, up_bytes = 0;  // bytes/s that its links carry from below; to above and across
};

struct LinksView {
  topology::LinkKind kind;
  int links = 0;  // each direction
  BytesPerSecond least, most;
};

struct HopView {
  std::string link;
  topology::LinkKind kind;
  BytesPerSecond capacity;
};

struct PathView {
  RankId from, to;
  std::vector<HopView> hops;
  Duration latency;           // of the network
  BytesPerSecond bottleneck;  // least of the hops; zero where nothing is crossed
};

struct TopologyView {
  const topology::Fabric& fabric;
  topology::FabricGraph graph;
  std::vector<TierView> tiers;  // of the network, from below
  std::vector<LinksView> links;
  BytesPerSecond bisection;
  double full_bisection = 0;  // of what half of the NICs (or NVLinks) could send; bytes/s
  std::optional<PathView> path;
};

TopologyView view_of(const topology::Fabric& fabric);
PathView path_of(const topology::Fabric& fabric, RankId from, RankId to);

// A GPU as people name it: "17", or "node2/gpu1".
orrery::Result<RankId> gpu_from(const topology::Fabric& fabric, const std::string& name);

std::string topology_text(const TopologyView& view);
std::string topology_json(const TopologyView& view);  // every link, with its ends
std::string topology_dot(const TopologyView& view);   // for Graphviz: every vertex and wire
std::string topology_svg(const TopologyView& view);   // the network, and the inside of its first node

}  // namespace orrery::report
