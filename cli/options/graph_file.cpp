#include "cli/options/graph_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "sim/base/text.h"
#include "topology/read/nccl/nccl_graph.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kMostGraphBytes = 16 << 20;

std::optional<Error> check_group(const std::vector<RankId>& group, std::uint32_t per_node) {
  std::map<std::uint32_t, std::uint32_t> of_node;
  for (const RankId rank : group) ++of_node[rank.value / per_node];
  for (const auto& [node, there] : of_node)
    if (there != per_node)
      return Error{{"--graph", 0, 0},
                   "NCCL's graphs are of whole nodes, but the group has " + std::to_string(there) + " GPUs of node " +
                       std::to_string(node)};
  return std::nullopt;
}

// A file names every GPU of a channel once, and the same ones in all channels of a graph.
bool is_of_node(const std::vector<int>& channel, std::uint32_t per_node) {
  const auto in_node = [&](int place) { return place >= 0 && place < static_cast<int>(per_node); };
  return channel.size() == per_node && std::all_of(channel.begin(), channel.end(), in_node);
}

Result<models::LaidChannels> laid_channels(const topology::NcclGraph& graph, std::uint32_t per_node) {
  models::LaidChannels laid{{}, graph.speed_intra, graph.speed_inter, graph.cross_nic};
  for (const topology::NcclChannel& channel : graph.channels) {
    if (!is_of_node(channel.gpus, per_node))
      return Error{channel.where,
                   "the " + std::string(to_string(graph.kind)) + " passes " + std::to_string(channel.gpus.size()) +
                       " GPUs, but a node of this cluster has GPUs 0 to " + std::to_string(per_node - 1)};
    laid.orders.emplace_back(channel.gpus.begin(), channel.gpus.end());
  }
  return laid;
}

void take_heads(const topology::NcclGraph& graph, models::LaidGraph& laid) {
  std::set<int> heads;
  for (const topology::NcclChannel& channel : graph.channels) heads.insert(channel.gpus.front());
  laid.nvls_heads = static_cast<int>(heads.size());
  laid.nvls_inside = graph.speed_intra;
  laid.nvls_between = graph.speed_inter;
}

}  // namespace

Result<models::LaidGraph> read_graph_file(const std::string& file, const topology::ClusterSpec& cluster,
                                          const std::vector<RankId>& group) {
  const Result<std::string> text = read_text_file(file, kMostGraphBytes);
  if (!text) return text.errors();
  const Result<topology::NcclGraphs> graphs = topology::parse_nccl_graphs(*text, file);
  if (!graphs) return graphs.errors();
  const topology::NcclGraph* ring = graphs->find(topology::NcclGraphKind::ring);
  if (!ring || ring->channels.empty()) return Error{{file, 0, 0}, "holds no rings (a graph with id 0)"};
  const topology::NcclGraph* tree = graphs->find(topology::NcclGraphKind::tree);
  const auto per_node = static_cast<std::uint32_t>(cluster.gpus_per_node);
  Result<models::LaidChannels> rings = laid_channels(*ring, per_node);
  if (!rings) return rings.errors();
  Result<models::LaidChannels> trees = laid_channels(tree && !tree->channels.empty() ? *tree : *ring, per_node);
  if (!trees) return trees.errors();
  models::LaidGraph laid{std::move(*rings), std::move(*trees), 0, 0, 0};
  if (const topology::NcclGraph* nvls = graphs->find(topology::NcclGraphKind::nvls)) take_heads(*nvls, laid);
  if (std::optional<Error> parts = check_group(group, per_node)) return *parts;
  return laid;
}

}  // namespace orrery::cli
