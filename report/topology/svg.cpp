#include <algorithm>
#include <map>
#include <set>

#include "report/text.h"
#include "report/topology/canvas.h"
#include "report/topology/svg_parts.h"
#include "report/topology/view.h"

namespace orrery::report {

std::string colour_of(topology::LinkKind kind) {
  switch (kind) {
    case topology::LinkKind::nvlink:
      return "#4b9b3f";
    case topology::LinkKind::pcie:
      return "#8a8a8a";
    case topology::LinkKind::nic:
      return "#c87a1e";
    case topology::LinkKind::spine:
      return "#3467a8";
  }
  return "#000";
}

std::string gbytes(double bytes) {
  return significant(bytes / 1e9) + " GB/s";
}

namespace {

using topology::FabricGraph;

constexpr double kLeft = 90, kTop = 48, kRow = 96, kBoxHeight = 26, kWidth = 1200;
constexpr std::size_t kMostBoxes = 24;  // of a row; the rest is counted

// The network by tiers, a node as one box.
class NetworkDrawing {
 public:
  NetworkDrawing(const TopologyView& view, Canvas& canvas) : view_(view), canvas_(canvas) {}

  void draw() {
    place_rows();
    for (const auto& [ends, wire] : wires()) {
      const auto a = at_.find(ends.first), b = at_.find(ends.second);
      if (a == at_.end() || b == at_.end()) continue;
      const std::string tip = name(ends.first) + " - " + name(ends.second) + ": " + gbytes(wire.bytes);
      const double width = std::clamp(wire.bytes / widest_ * 6, 0.6, 6.0);
      if (a->second.y == b->second.y)
        canvas_.arc(a->second.x, b->second.x, a->second.y, 30, colour_of(wire.kind), width, tip);
      else
        canvas_.line(a->second.x, a->second.y + kBoxHeight / 2, b->second.x, b->second.y + kBoxHeight / 2,
                     colour_of(wire.kind), width, tip);
    }
  }

 private:
  struct Point {
    double x, y;
  };
  struct Wire {
    double bytes = 0;
    topology::LinkKind kind = topology::LinkKind::nic;
  };

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(view_.fabric.cluster().nodes); }

  // Boxes: nodes first, then the switches of the network. Vertices inside a node are its box.
  std::uint32_t box_of(std::uint32_t vertex) const {
    const FabricGraph& g = view_.graph;
    if (vertex >= g.network) return nodes() + vertex - g.network;
    const std::uint32_t hosts = (g.network - g.hosts) / nodes();
    return vertex < g.gpus ? static_cast<std::uint32_t>(view_.fabric.node_of({vertex})) : (vertex - g.hosts) / hosts;
  }
  std::string name(std::uint32_t box) const {
    if (box < nodes()) return "node" + std::to_string(box);
    return vertex_name(view_.fabric, view_.graph, view_.graph.network + box - nodes());
  }

  void place_rows() {
    std::map<int, std::vector<std::uint32_t>> rows;
    for (std::uint32_t node = 0; node < nodes(); ++node) rows[0].push_back(node);
    for (std::uint32_t v = view_.graph.network; v < view_.graph.vertices; ++v)
      rows[vertex_tier(view_.fabric, view_.graph, v)].push_back(nodes() + v - view_.graph.network);
    double y = kTop;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row, y += kRow) place(row->second, row->first, y);
  }

  void place(const std::vector<std::uint32_t>& boxes, int tier, double y) {
    const std::size_t shown = std::min(boxes.size(), kMostBoxes);
    const double pitch = kWidth / static_cast<double>(shown), width = std::min(pitch - 4, 120.0);
    const std::string fill = tier == 0 ? "#e8f1e4" : tier == 2 ? "#fdeeda" : "#e0eaf7";
    for (std::size_t i = 0; i < shown; ++i) {
      const double x = kLeft + pitch * (static_cast<double>(i) + 0.5);
      at_[boxes[i]] = {x, y};
      canvas_.box(x - width / 2, y, width, kBoxHeight, fill, name(boxes[i]));
    }
    canvas_.text(8, y + 17, grouped(static_cast<std::int64_t>(boxes.size())) + (tier == 0 ? " nodes" : ""));
    if (shown < boxes.size())
      canvas_.text(kLeft + kWidth + 6, y + 17,
                   "and " + grouped(static_cast<std::int64_t>(boxes.size() - shown)) + " more");
  }

  std::map<std::pair<std::uint32_t, std::uint32_t>, Wire> wires() {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Wire> wires;
    for (const FabricGraph::Edge& edge : view_.graph.edges) {
      const topology::FabricLink& link = view_.fabric.links()[edge.link];
      const bool network = link.kind == topology::LinkKind::nic || link.kind == topology::LinkKind::spine;
      if (!network || edge.link.value % 2 != 0) continue;
      Wire& wire = wires[{box_of(edge.from), box_of(edge.to)}];
      wire.bytes += static_cast<double>(link.capacity.n);
      wire.kind = link.kind;
      widest_ = std::max(widest_, wire.bytes);
    }
    return wires;
  }

  const TopologyView& view_;
  Canvas& canvas_;
  std::map<std::uint32_t, Point> at_;
  double widest_ = 1;
};

void draw_legend(const TopologyView& view, Canvas& canvas) {
  double x = kLeft;
  for (const LinksView& links : view.links) {
    canvas.line(x, 32, x + 26, 32, colour_of(links.kind), 4, "");
    const std::string each = gbytes(static_cast<double>(links.most.n));
    canvas.text(x + 32, 36, std::string(to_string(links.kind)) + ": " + grouped(links.links) + " of " + each);
    x += 260;
  }
}

}  // namespace

std::string topology_svg(const TopologyView& view) {
  const topology::ClusterSpec& c = view.fabric.cluster();
  Canvas canvas;
  canvas.text(8, 18,
              c.name + ": " + grouped(c.nodes) + " nodes, " + grouped(c.gpus()) + " GPUs (" + c.gpu_names() + ")",
              "start", 15);
  draw_legend(view, canvas);
  const bool torus = c.fabric.kind == "torus" || c.scale_up.kind == "torus";
  if (torus)
    draw_torus(view, canvas);
  else if (view.graph.network < view.graph.vertices)
    NetworkDrawing(view, canvas).draw();
  if (!view.fabric.links().empty() && c.scale_up.kind != "torus") draw_node(view, canvas);
  return canvas.str();
}

}  // namespace orrery::report
