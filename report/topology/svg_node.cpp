#include <algorithm>
#include <map>
#include <vector>

#include "report/topology/svg_parts.h"

namespace orrery::report {
namespace {

using topology::FabricGraph;
using topology::LinkKind;

constexpr double kLeft = 90, kPitch = 140, kBox = 96, kHeight = 26, kRow = 64;

// GPUs in a row; over each other below them PCIe switches, NUMA domains, what joins
// these, and NICs beside the place that they hang on.
class NodeDrawing {
 public:
  NodeDrawing(const TopologyView& view, Canvas& canvas)
      : view_(view), canvas_(canvas), gpus_(static_cast<std::uint32_t>(view.fabric.cluster().gpus_per_node)) {}

  void draw() {
    const double top = canvas_.bottom() + 40;
    canvas_.text(8, top, "Inside node0", "start", 14);
    gpu_row_ = top + 16 + (view_.fabric.any_order() ? kRow : 1.6 * kRow);
    for (std::uint32_t gpu = 0; gpu < gpus_; ++gpu) {
      at_[gpu] = kLeft + kPitch * gpu;
      canvas_.box(at_[gpu], gpu_row_, kBox, kHeight, "#d5ecce", "gpu" + std::to_string(gpu));
    }
    for (const FabricGraph::Edge& edge : view_.graph.edges) place_above(edge);
    place_hosts();
    for (const FabricGraph::Edge& edge : view_.graph.edges) draw_edge(edge);
  }

 private:
  double centre(std::uint32_t vertex) const { return at_.at(vertex) + kBox / 2; }
  bool placed(std::uint32_t vertex) const { return at_.count(vertex) > 0; }
  bool inner(std::uint32_t vertex) const { return vertex >= view_.graph.hosts && vertex < view_.graph.network; }

  double row(std::uint32_t vertex) const {
    if (vertex < gpus_) return gpu_row_;
    const auto found = rows_.find(vertex);
    return found == rows_.end() ? gpu_row_ : found->second;
  }

  void add(std::uint32_t vertex, double x, double y, const std::string& fill) {
    at_[vertex] = x, rows_[vertex] = y;
    const std::string name = vertex_name(view_.fabric, view_.graph, vertex);
    canvas_.box(x, y, kBox, kHeight, fill, name.substr(name.find('/') == std::string::npos ? 0 : name.find('/') + 1));
  }

  // The NVSwitches that GPUs of this node hang on, over the middle of them.
  void place_above(const FabricGraph::Edge& edge) {
    const bool switched = edge.to >= view_.graph.gpus && edge.to < view_.graph.hosts;
    if (edge.from >= gpus_ || !switched || placed(edge.to)) return;
    std::vector<double> below;
    for (const FabricGraph::Edge& e : view_.graph.edges)
      if (e.to == edge.to && e.from < gpus_) below.push_back(at_[e.from]);
    add(edge.to, (below.front() + below.back()) / 2, gpu_row_ - kRow, "#bfe3b4");
  }

  // Each place of the host under the middle of what hangs on it, level by level.
  void place_hosts() {
    for (int level = 1; level <= 3; ++level) {
      std::map<std::uint32_t, std::vector<double>> below;
      for (const FabricGraph::Edge& e : view_.graph.edges)
        if (e.link.value % 2 == 0 && placed(e.from) && inner(e.to) && !placed(e.to)) below[e.to].push_back(at_[e.from]);
      if (!below.empty()) levels_ = level;
      for (const auto& [vertex, xs] : below)
        add(vertex, (*std::min_element(xs.begin(), xs.end()) + *std::max_element(xs.begin(), xs.end())) / 2,
            gpu_row_ + kRow * level, level == 1 ? "#ececec" : "#dcdcdc");
    }
  }

  void draw_edge(const FabricGraph::Edge& edge) {
    if (edge.link.value % 2 != 0 || !placed(edge.from)) return;
    const topology::FabricLink& link = view_.fabric.links()[edge.link];
    const double bytes = static_cast<double>(link.capacity.n), width = std::clamp(bytes / 1e11, 1.0, 6.0);
    const std::string name = view_.fabric.link_name(edge.link), tip = name + ": " + gbytes(bytes);
    const double x = centre(edge.from), y = row(edge.from);
    if (link.kind == LinkKind::nic) return draw_nic(edge, name, tip);
    if (!placed(edge.to)) return;
    if (edge.from < gpus_ && edge.to < gpus_)
      canvas_.arc(x, centre(edge.to), gpu_row_, 30 + 0.12 * std::abs(centre(edge.to) - x), colour_of(link.kind),
                  std::clamp(bytes / 1e10, 1.0, 6.0), tip);
    else
      canvas_.line(x, y + kHeight / 2, centre(edge.to), row(edge.to) + kHeight / 2, colour_of(link.kind), width, tip);
  }

  // NICs hang under their place, side by side.
  void draw_nic(const FabricGraph::Edge& edge, const std::string& name, const std::string& tip) {
    constexpr double kNic = 44;
    const double y = gpu_row_ + kRow * (levels_ + 1), x = at_[edge.from] + (kNic + 4) * nics_at_[edge.from]++;
    const std::string nic = name.substr(name.find('/') + 1);
    canvas_.box(x, y, kNic, kHeight, "#fbdcb0", nic.substr(0, nic.find(' ')));
    canvas_.line(centre(edge.from), row(edge.from) + kHeight, x + kNic / 2, y, colour_of(LinkKind::nic), 2, tip);
  }

  const TopologyView& view_;
  Canvas& canvas_;
  std::uint32_t gpus_;
  double gpu_row_ = 0;
  int levels_ = 0;                             // of the host
  std::map<std::uint32_t, double> at_, rows_;  // left edges, and tops of all but GPUs
  std::map<std::uint32_t, int> nics_at_;
};

}  // namespace

void draw_node(const TopologyView& view, Canvas& canvas) {
  NodeDrawing(view, canvas).draw();
}

}  // namespace orrery::report
