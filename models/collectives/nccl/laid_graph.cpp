#include "models/collectives/nccl/laid_graph.h"

#include <algorithm>
#include <numeric>

namespace orrery::models {
namespace {

// Up to two nodes NCCL reckons with what a channel carries inside one (graph/tuning.cc).
double speed_of(const LaidChannels& channels, int nodes) {
  return (nodes <= 2 ? channels.speed_inside : channels.speed_between) / 2;
}

void take(double told, double& speed) {
  if (told > 0) speed = told;
}

}  // namespace

bool is_laid_for(const LaidGraph& laid, const Communicator& c) {
  return std::all_of(c.domains.begin(), c.domains.end(),
                     [&](const auto& members) { return members.size() == laid.rings.orders.front().size(); });
}

void lay(const LaidGraph& laid, Communicator& c) {
  const std::size_t both = std::min(laid.rings.orders.size(), laid.trees.orders.size());
  ChannelGraph& graph = c.graph;
  graph.channels = std::min(2 * static_cast<int>(both), kMostChannels);
  graph.spread = std::lcm(graph.channels, c.ranks_per_domain);
  graph.rails = 1;  // the ways out that are not used are no one's
  take(speed_of(laid.rings, c.nodes()), graph.speed);
  take(speed_of(laid.trees, c.nodes()), graph.tree_speed);
  if (laid.nvls_heads == 0 || graph.heads == 0) return;
  graph.heads = std::min(laid.nvls_heads, graph.heads);
  take(laid.nvls_inside, graph.nvls_intra);
  take(laid.nvls_between, graph.nvls_inter);
}

}  // namespace orrery::models
