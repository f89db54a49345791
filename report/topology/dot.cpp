#include "report/topology/svg_parts.h"
#include "report/topology/view.h"

namespace orrery::report {
namespace {

std::string quoted(const std::string& name) {
  return "\"" + name + "\"";
}

}  // namespace

// One edge a wire: both directions, as wide as fast. Nodes are clusters of Graphviz.
std::string topology_dot(const TopologyView& view) {
  const topology::Fabric& fabric = view.fabric;
  const auto name = [&](std::uint32_t vertex) { return vertex_name(fabric, view.graph, vertex); };
  std::string text = "graph " + quoted(fabric.cluster().name) +
                     " {\n  graph [rankdir=BT, ranksep=1.2, fontname=\"sans-serif\"];\n"
                     "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f4\", fontname=\"sans-serif\"];\n";
  const auto per_node = static_cast<std::uint32_t>(fabric.cluster().gpus_per_node);
  for (std::uint32_t node = 0; node < static_cast<std::uint32_t>(fabric.cluster().nodes); ++node) {
    text += "  subgraph " + quoted("cluster_node" + std::to_string(node)) +
            " { label=" + quoted("node" + std::to_string(node)) + ";";
    for (std::uint32_t i = 0; i < per_node; ++i) text += " " + quoted(name(node * per_node + i)) + ";";
    text += " }\n";
  }
  for (const topology::FabricGraph::Edge& edge : view.graph.edges) {
    if (edge.link.value % 2 != 0) continue;
    const topology::FabricLink& link = fabric.links()[edge.link];
    text += "  " + quoted(name(edge.from)) + " -- " + quoted(name(edge.to)) +
            " [color=" + quoted(colour_of(link.kind)) +
            ", tooltip=" + quoted(fabric.link_name(edge.link) + ": " + gbytes(static_cast<double>(link.capacity.n))) +
            "];\n";
  }
  return text + "}\n";
}

}  // namespace orrery::report
