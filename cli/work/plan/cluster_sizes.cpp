#include "cli/work/plan/cluster_sizes.h"

#include <algorithm>
#include <set>

#include "sim/base/read/quantity.h"

namespace orrery::cli {
namespace {

constexpr std::int64_t kMostGpus = 4 << 20;  // as a cluster may have
const Where kHere{"--gpus", 0, 0};

Result<int> size_from(const std::string& text) {
  const Result<std::int64_t> count = parse_count(text, kHere);
  if (!count) return count.errors();
  if (*count < 1 || *count > kMostGpus)
    return Error{kHere, "'" + text + "' is not between 1 and " + std::to_string(kMostGpus)};
  return static_cast<int>(*count);
}

// Sizes that people build and batches divide among.
void add_range(int from, int to, int node, std::set<int>& sizes) {
  const auto add = [&](std::int64_t gpus) {
    if (gpus >= from && gpus <= to) sizes.insert(static_cast<int>(gpus));
  };
  for (int part = 1; part < node; part *= 2) add(part);
  for (std::int64_t nodes = 1; nodes * node <= to; nodes *= 2) {
    add(nodes * node);
    add(3 * nodes * node);
  }
  add(to / node * node);
}

}  // namespace

Result<std::vector<int>> cluster_sizes(const std::string& text, const topology::ClusterSpec& cluster) {
  if (!cluster.groups.empty())
    return Error{kHere, "the cluster has several kinds of nodes, and how many of each the file says"};
  if (cluster.fabric.listed)
    return Error{kHere, "the cluster's network is a list of links, for as many nodes as it has"};
  const int node = std::max(cluster.gpus_per_node, cluster.nodes > 1 ? 1 : cluster.physical_gpus_per_node);
  std::set<int> sizes;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    at = end + 1;
    const std::size_t dots = part.find("..");
    const bool is_range = dots != std::string::npos;
    const Result<int> from = !is_range ? size_from(part) : dots == 0 ? Result<int>(1) : size_from(part.substr(0, dots));
    const Result<int> to = is_range ? size_from(part.substr(dots + 2)) : from;
    if (!from) return from.errors();
    if (!to) return to.errors();
    if (*from > *to)
      return Error{kHere, "'" + part + "' is empty: " + std::to_string(*from) + " is above " + std::to_string(*to)};
    if (is_range)
      add_range(*from, *to, node, sizes);
    else
      sizes.insert(*from);
  }
  if (sizes.empty())
    return Error{kHere, "'" + text + "' has no size that nodes of " + std::to_string(node) + " GPUs make up"};
  return std::vector<int>(sizes.begin(), sizes.end());
}

}  // namespace orrery::cli
