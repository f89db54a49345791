#pragma once

#include <optional>

#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"
#include "topology/hardware.h"

namespace orrery::topology {

// Beyond any cluster; each is a kind of GPU with curves of its own.
inline constexpr std::size_t kMostGroups = 64;

// `cluster.groups`: nodes of several kinds, numbered one group after the other.

// What one group's nodes are, as a mapping to read like a cluster's: what `cluster`
// says of nodes, the group's preset over it (a cluster's: of that its nodes, and
// `link` from its fabric), the group's own keys over both.
struct GroupSource {
  std::optional<Node> preset;
  Node whole;
};
std::optional<GroupSource> group_source(const Node& cluster, const Node& group, const SearchPath& path, Errors& errors);

// What is where in a node must be the same in all groups, and a domain does not
// reach over nodes; else "not supported yet". `spec` is group `number` read alone.
void check_group(const ClusterSpec& first, const ClusterSpec& spec, const Where& where, Errors& errors);

}  // namespace orrery::topology
