#include "topology/build/grid.h"
#include "topology/build/network.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

std::string label(const Grid& grid, std::uint32_t vertex) {
  std::string text;
  for (int x : grid.coordinates(vertex)) text += (text.empty() ? "" : ".") + std::to_string(x);
  return text;
}

// Wires of a grid as pairs of links; those that do not exist keep a number and no
// pair, so a table leads from one to the other.
class GridLinks {
 public:
  explicit GridLinks(Grid grid) : grid_(std::move(grid)), pair_of_(grid_.size() * grid_.dimensions()) {
    for (std::uint32_t wire = 0; wire < pair_of_.size(); ++wire) {
      pair_of_[wire] = static_cast<std::uint32_t>(wires_.size());
      if (grid_.has_wire(wire)) wires_.push_back(wire);
    }
  }
  const Grid& grid() const { return grid_; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(wires_.size()); }
  std::uint32_t pair_of(std::uint32_t wire) const { return pair_of_[wire]; }
  std::pair<std::uint32_t, std::uint32_t> ends(std::uint32_t pair) const { return grid_.ends(wires_[pair]); }
  std::string name(std::uint32_t pair) const {
    return label(grid_, ends(pair).first) + "-" + label(grid_, ends(pair).second);
  }

 private:
  Grid grid_;
  std::vector<std::uint32_t> pair_of_, wires_;
};

// Chips that are their own switches: TPU v4 and v5p's inter-chip interconnect.
class Torus : public Interconnect {
 public:
  explicit Torus(const ClusterSpec& c)
      : wires_(Grid(c.scale_up.dimensions, c.scale_up.wrap_multiple)),
        rate_{c.scale_up.usable.n / (2 * static_cast<std::int64_t>(c.scale_up.dimensions.size()))} {}

  void route(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    for (const Grid::Step& step : wires_.grid().walk(from, to)) {
      const std::uint32_t pair = wires_.pair_of(step.wire);
      links.push_back(step.forward ? out(pair) : in(pair));
    }
  }
  int switches_passed(std::uint32_t, std::uint32_t) const override { return 0; }
  std::string name(std::uint32_t pair) const override { return "ici " + wires_.name(pair); }
  std::pair<std::string_view, std::string_view> directions(std::uint32_t) const override { return {"forth", "back"}; }
  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const override {
    const auto [a, b] = wires_.ends(pair);
    return {{false, a}, {false, b}};
  }

 protected:
  void add_pairs(Links& links) const override {
    for (std::uint32_t i = 0; i < wires_.count(); ++i) add_pair(links, LinkKind::nvlink, rate_);
  }

 private:
  GridLinks wires_;
  BytesPerSecond rate_;
};

// A router a node, one cable to each neighbour.
class TorusOfNodes : public Network {
 public:
  TorusOfNodes(const ClusterSpec& c, const HostTree& host)
      : Network(c, host), wires_(Grid(c.fabric.dimensions, c.scale_up.wrap_multiple)), rate_(usable(c.fabric, 1)) {}

  int switches_passed(std::uint32_t from, std::uint32_t to) const override {
    return 1 + static_cast<int>(wires_.grid().walk(node_of(from), node_of(to)).size());
  }
  std::uint32_t switches() const override { return nodes(); }
  std::string switch_name(std::uint32_t i) const override { return "router" + label(wires_.grid(), i); }

 protected:
  void climb(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    for (const Grid::Step& step : wires_.grid().walk(node_of(from), node_of(to))) {
      const std::uint32_t pair = nics() + wires_.pair_of(step.wire);
      links.push_back(step.forward ? out(pair) : in(pair));
    }
  }
  std::uint32_t switch_of(std::uint32_t port) const override { return node_of(port); }
  void add_switch_pairs(Links& links) const override {
    for (std::uint32_t i = 0; i < wires_.count(); ++i) add_pair(links, LinkKind::spine, rate_);
  }
  std::string switch_pair_name(std::uint32_t i) const override { return "router" + wires_.name(i); }
  std::pair<Vertex, Vertex> switch_ends(std::uint32_t i) const override {
    const auto [a, b] = wires_.ends(i);
    return {{true, a}, {true, b}};
  }

 private:
  GridLinks wires_;
  BytesPerSecond rate_;
};

}  // namespace

std::unique_ptr<Interconnect> make_torus(const ClusterSpec& cluster) {
  return std::make_unique<Torus>(cluster);
}

std::unique_ptr<Interconnect> make_torus_of_nodes(const ClusterSpec& cluster, const HostTree& host) {
  return std::make_unique<TorusOfNodes>(cluster, host);
}

}  // namespace orrery::topology
