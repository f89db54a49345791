#include <algorithm>

#include "report/topology/svg_parts.h"
#include "topology/build/grid.h"

namespace orrery::report {
namespace {

using topology::FabricGraph;
using topology::Grid;

constexpr double kLeft = 40, kTop = 70, kPitch = 44, kBox = 26;
constexpr int kMostSlices = 16;

struct Point {
  double x = 0, y = 0;
  bool shown = false;
};

Point point_of(const Grid& grid, std::uint32_t vertex) {
  const std::vector<int>& extents = grid.extents();
  std::vector<int> at = grid.coordinates(vertex);
  at.resize(std::max<std::size_t>(at.size(), 2), 0);
  int slice = 0;  // of all dimensions beyond two
  for (std::size_t d = at.size(); d-- > 2;) slice = slice * extents[d] + at[d];
  return {kLeft + kPitch * (at[0] + slice * (extents[0] + 1)), kTop + kPitch * at[1] + 14.0 * (slice % 2),
          slice < kMostSlices};
}

}  // namespace

// Wires inside a slice as lines, those that close a dimension as stubs; between
// slices as arcs.
void draw_torus(const TopologyView& view, Canvas& canvas) {
  const topology::ClusterSpec& c = view.fabric.cluster();
  const bool chips = c.scale_up.kind == "torus";
  const Grid grid(chips ? c.scale_up.dimensions : c.fabric.dimensions, c.scale_up.wrap_multiple);
  const std::uint32_t first = chips ? 0 : view.graph.network;
  for (const FabricGraph::Edge& edge : view.graph.edges) {
    if (edge.link.value % 2 != 0 || edge.from < first || edge.to < first || edge.from - first >= grid.size() ||
        edge.to - first >= grid.size())
      continue;
    const Point a = point_of(grid, edge.from - first), b = point_of(grid, edge.to - first);
    if (!a.shown || !b.shown) continue;
    const topology::FabricLink& link = view.fabric.links()[edge.link];
    const std::string colour = colour_of(link.kind);
    const std::string tip = view.fabric.link_name(edge.link) + ": " + gbytes(static_cast<double>(link.capacity.n));
    const double x = a.x + kBox / 2, y = a.y + kBox / 2, dx = b.x - a.x, dy = b.y - a.y;
    if (dx >= 0 && dy == 0 && dx <= kPitch)
      canvas.line(x, y, b.x + kBox / 2, y, colour, 2, tip);
    else if (dx == 0 && dy > 0)
      canvas.line(x, y, x, b.y + kBox / 2, colour, 2, tip);
    else if (dy == 0)
      canvas.arc(x, b.x + kBox / 2, a.y, 22, colour, 1, tip);
    else if (dx == 0)
      canvas.line(x - 5, y, x - 5, b.y + kBox / 2, colour, 1, tip);
    else
      canvas.line(x, y, b.x + kBox / 2, b.y + kBox / 2, colour, 0.6, tip);
  }
  for (std::uint32_t v = 0; v < grid.size(); ++v)
    if (const Point p = point_of(grid, v); p.shown)
      canvas.box(p.x, p.y, kBox, kBox, chips ? "#d5ecce" : "#fdeeda", std::to_string(v));
}

}  // namespace orrery::report
