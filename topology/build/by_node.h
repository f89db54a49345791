#pragma once

#include <vector>

#include "topology/hardware.h"

namespace orrery::topology {

// What `of` says of every node: of a cluster of such nodes alone.
template <class Of>
auto by_node(const ClusterSpec& cluster, Of of) {
  std::vector<decltype(of(cluster))> values;
  values.reserve(static_cast<std::size_t>(cluster.nodes));
  for (int kind = 0; kind < cluster.kinds(); ++kind)
    values.insert(values.end(), static_cast<std::size_t>(cluster.nodes_of(kind)), of(cluster.all_of(kind)));
  return values;
}

}  // namespace orrery::topology
