#include "report/topology/view.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace orrery::report {
namespace {

using topology::Fabric;
using topology::FabricGraph;
using topology::FabricLink;
using topology::LinkKind;

// "leaf" of "leaf12".
std::string without_number(const std::string& name) {
  return name.substr(0, name.find_first_of("0123456789"));
}

std::vector<TierView> tiers_of(const Fabric& fabric, const FabricGraph& graph) {
  std::map<int, TierView> tiers;
  std::vector<int> tier(graph.vertices);
  for (std::uint32_t v = 0; v < graph.vertices; ++v) tier[v] = vertex_tier(fabric, graph, v);
  for (std::uint32_t v = graph.network; v < graph.vertices; ++v) {
    TierView& view = tiers[tier[v]];
    if (view.switches++ == 0) view.name = without_number(vertex_name(fabric, graph, v));
  }
  for (const FabricGraph::Edge& edge : graph.edges) {
    if (edge.from < graph.network && edge.to < graph.network) continue;
    const double rate = static_cast<double>(fabric.links()[edge.link].capacity.n);
    if (tier[edge.from] < tier[edge.to]) tiers[tier[edge.to]].down_bytes += rate;
    if (edge.from >= graph.network && tier[edge.from] <= tier[edge.to]) tiers[tier[edge.from]].up_bytes += rate;
  }
  std::vector<TierView> list;
  for (auto& [level, view] : tiers) list.push_back(std::move(view));
  return list;
}

std::vector<LinksView> links_of(const Fabric& fabric) {
  std::vector<LinksView> kinds;
  for (std::uint32_t id = 0; id < fabric.links().size(); id += 2) {
    const FabricLink& link = fabric.links()[{id}];
    auto view = std::find_if(kinds.begin(), kinds.end(), [&](const LinksView& v) { return v.kind == link.kind; });
    if (view == kinds.end()) view = kinds.insert(kinds.end(), {link.kind, 0, link.capacity, link.capacity});
    ++view->links;
    view->least = std::min(view->least, link.capacity);
    view->most = std::max(view->most, link.capacity);
  }
  return kinds;
}

double full_bisection(const Fabric& fabric) {
  const bool networked = std::any_of(fabric.links().begin(), fabric.links().end(),
                                     [](const FabricLink& link) { return link.kind == LinkKind::nic; });
  const bool one_domain = fabric.same_domain({0}, {static_cast<std::uint32_t>(fabric.gpus() - 1)});
  double sum = 0;
  if (!networked || one_domain) {
    const topology::ClusterSpec& c = fabric.cluster();
    for (int kind = 0; kind < c.kinds(); ++kind)
      sum += static_cast<double>(c.all_of(kind).scale_up.usable.n) * c.nodes_of(kind) * c.gpus_per_node;
    return sum / 2;
  }
  for (std::uint32_t id = 0; id < fabric.links().size(); id += 2)
    if (fabric.links()[{id}].kind == LinkKind::nic) sum += static_cast<double>(fabric.links()[{id}].capacity.n);
  return sum / 2;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

}  // namespace

TopologyView view_of(const Fabric& fabric) {
  TopologyView view{fabric, graph_of(fabric), {}, links_of(fabric), fabric.bisection(), full_bisection(fabric), {}};
  view.tiers = tiers_of(fabric, view.graph);
  return view;
}

PathView path_of(const Fabric& fabric, RankId from, RankId to) {
  PathView path{from, to, {}, fabric.latency(from, to), {0}};
  std::vector<LinkId> links;
  fabric.route(from, to, links);
  for (LinkId id : links) {
    const FabricLink& link = fabric.links()[id];
    path.hops.push_back({fabric.link_name(id), link.kind, link.capacity});
    if (path.bottleneck.n == 0 || link.capacity < path.bottleneck) path.bottleneck = link.capacity;
  }
  return path;
}

orrery::Result<RankId> gpu_from(const Fabric& fabric, const std::string& name) {
  const auto gpus = static_cast<std::uint32_t>(fabric.gpus());
  const std::size_t slash = name.find('/');
  std::optional<std::uint32_t> gpu;
  if (slash == std::string::npos) {
    gpu = number(name);
  } else if (name.rfind("node", 0) == 0 && name.compare(slash, 4, "/gpu") == 0) {
    const auto node = number(std::string_view(name).substr(4, slash - 4));
    const auto local = number(std::string_view(name).substr(slash + 4));
    const auto per_node = static_cast<std::uint32_t>(fabric.cluster().gpus_per_node);
    if (node && local && *local < per_node && *node < gpus / per_node) gpu = *node * per_node + *local;
  }
  if (gpu && *gpu < gpus) return RankId{*gpu};
  return Error{{},
               "--path: '" + name.substr(0, 60) + "' is none of the " + std::to_string(gpus) + " GPUs, 0 to " +
                   std::to_string(gpus - 1) + " or node0/gpu0 to " + fabric.gpu_name({gpus - 1})};
}

}  // namespace orrery::report
