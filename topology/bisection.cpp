#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <limits>

#include "topology/build/wiring.h"
#include "topology/fabric.h"
#include "topology/graph.h"

namespace orrery::topology {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using FlowGraph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_capacity_t, std::int64_t,
                    boost::property<boost::edge_residual_capacity_t, std::int64_t,
                                    boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;

void add_edge(FlowGraph& graph, std::size_t from, std::size_t to, std::int64_t capacity) {
  const auto forward = boost::add_edge(from, to, graph).first;
  const auto backward = boost::add_edge(to, from, graph).first;
  boost::put(boost::edge_capacity, graph, forward, capacity);
  boost::put(boost::edge_capacity, graph, backward, 0);
  boost::put(boost::edge_reverse, graph, forward, backward);
  boost::put(boost::edge_reverse, graph, backward, forward);
}

// GPUs of the first half: whole nodes where there are several.
std::uint32_t half_of(const ClusterSpec& cluster) {
  const int gpus = cluster.nodes > 1 ? cluster.nodes / 2 * cluster.gpus_per_node : cluster.gpus() / 2;
  return static_cast<std::uint32_t>(gpus);
}

}  // namespace

// The GPUs of each half are drawn together into one vertex: what they could
// carry among themselves does not count. Inside one NVLink domain only NVLink
// does, as no route leaves it where NVLink joins all.
BytesPerSecond Fabric::bisection() const {
  if (links_.empty()) return {std::numeric_limits<std::int64_t>::max()};
  const FabricGraph wires = graph_of(*this);
  const auto gpus = static_cast<std::uint32_t>(this->gpus());
  const std::uint32_t half = half_of(cluster_);
  if (half == 0) return {0};
  const auto drawn_together = [&](std::uint32_t v) { return v >= gpus ? v - gpus + 2 : v < half ? 0u : 1u; };

  FlowGraph graph(wires.vertices - gpus + 2);
  const bool one_domain = wiring_->scale_up && same_domain({0}, {gpus - 1});
  for (const FabricGraph::Edge& edge : wires.edges) {
    if (one_domain && links_[edge.link].kind != LinkKind::nvlink) continue;
    add_edge(graph, drawn_together(edge.from), drawn_together(edge.to), links_[edge.link].capacity.n);
  }
  return {boost::push_relabel_max_flow(graph, 0, 1)};
}

}  // namespace orrery::topology
