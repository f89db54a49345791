#include "cli/options/ring_graph.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sim/base/text.h"
#include "topology/read/nccl/nccl_graph.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

std::optional<Error> check_group(const std::vector<RankId>& group, std::uint32_t per_node) {
  std::map<std::uint32_t, std::uint32_t> of_node;
  for (const RankId rank : group) ++of_node[rank.value / per_node];
  for (const auto& [node, there] : of_node)
    if (there != per_node)
      return Error{{"--graph", 0, 0},
                   "rings are of whole nodes, but the group has " + std::to_string(there) + " GPUs of node " +
                       std::to_string(node)};
  return std::nullopt;
}

// A file names every GPU of a ring once, and the same ones in all rings.
bool is_of_node(const std::vector<int>& ring, std::uint32_t per_node) {
  const auto in_node = [&](int place) { return place >= 0 && place < static_cast<int>(per_node); };
  return ring.size() == per_node && std::all_of(ring.begin(), ring.end(), in_node);
}

}  // namespace

Result<models::RingOrders> read_rings(const std::string& file, const topology::ClusterSpec& cluster,
                                      const std::vector<RankId>& group) {
  const Result<std::string> text = read_text_file(file, kMostBytes);
  if (!text) return text.errors();
  const Result<topology::NcclGraphs> graphs = topology::parse_nccl_graphs(*text, file);
  if (!graphs) return graphs.errors();
  const topology::NcclGraph* ring = graphs->find(topology::NcclGraphKind::ring);
  if (!ring || ring->channels.empty()) return Error{{file, 0, 0}, "holds no rings (a graph with id 0)"};
  const auto per_node = static_cast<std::uint32_t>(cluster.gpus_per_node);
  models::RingOrders orders;
  for (const topology::NcclChannel& channel : ring->channels) {
    if (!is_of_node(channel.gpus, per_node))
      return Error{channel.where, "the ring passes " + std::to_string(channel.gpus.size()) +
                                      " GPUs, but a node of this cluster has GPUs 0 to " +
                                      std::to_string(per_node - 1)};
    orders.emplace_back(channel.gpus.begin(), channel.gpus.end());
  }
  if (std::optional<Error> parts = check_group(group, per_node)) return *parts;
  return orders;
}

}  // namespace orrery::cli
