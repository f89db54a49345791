#include "topology/graph.h"

#include "topology/build/wiring.h"

namespace orrery::topology {

FabricGraph graph_of(const Fabric& fabric) {
  const Wiring& w = fabric.wiring();
  FabricGraph g;
  g.vertices = g.gpus = g.hosts = g.network = w.gpus;
  if (w.free) return g;
  g.edges.reserve(fabric.links().size());

  // `endpoint` gives the vertex of what a part joins.
  const auto add = [&](const Part& part, std::uint32_t first, auto endpoint) {
    const auto vertex = [&](Vertex v) { return v.inner ? first + v.index : endpoint(v.index); };
    for (std::uint32_t pair = 0; pair < part.pairs(); ++pair) {
      const auto [below, above] = part.ends(pair);
      g.edges.push_back({vertex(below), vertex(above), part.out(pair)});
      g.edges.push_back({vertex(above), vertex(below), part.in(pair)});
    }
    g.vertices = first + part.switches();
  };
  const auto gpu = [](std::uint32_t i) { return i; };
  if (w.scale_up) add(*w.scale_up, g.vertices, gpu);
  g.hosts = g.vertices;
  add(*w.host, g.hosts, gpu);
  g.network = g.vertices;
  if (w.network) {
    add(*w.network, g.network, [&](std::uint32_t port) {
      return g.hosts + w.host->attachment(port / w.host->ports(), port % w.host->ports()).index;
    });
  }
  return g;
}

std::string vertex_name(const Fabric& fabric, const FabricGraph& graph, std::uint32_t vertex) {
  const Wiring& w = fabric.wiring();
  if (vertex < graph.gpus) return fabric.gpu_name({vertex});
  if (vertex < graph.hosts) return w.scale_up->switch_name(vertex - graph.gpus);
  if (vertex < graph.network) return w.host->switch_name(vertex - graph.hosts);
  return w.network->switch_name(vertex - graph.network);
}

int vertex_tier(const Fabric& fabric, const FabricGraph& graph, std::uint32_t vertex) {
  if (vertex < graph.gpus) return 0;
  if (vertex < graph.network) return 1;
  return 1 + fabric.wiring().network->tier(vertex - graph.network);
}

}  // namespace orrery::topology
