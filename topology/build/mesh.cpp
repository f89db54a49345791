#include <algorithm>

#include "topology/build/by_node.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

// GPUs of a node wired to each other without switches: to every other one
// (mesh), or to some (DGX-1V's hybrid cube mesh). Where two are not neighbours,
// the way leads through a GPU that both have NVLinks to, as NCCL's NVB paths do;
// where there is none, NVLink does not join them.
class Mesh : public Interconnect {
 public:
  explicit Mesh(const ClusterSpec& c)
      : n_(static_cast<std::uint32_t>(c.gpus_per_node)),
        rates_(by_node(c, [](const ClusterSpec& all) { return all.scale_up.usable; })) {
    const auto physical = static_cast<std::uint32_t>(std::max(c.physical_gpus_per_node, c.gpus_per_node));
    std::vector<int> wired(physical * physical, 0), sum(physical, 0);
    const auto join = [&](std::uint32_t a, std::uint32_t b, int links) {
      wired[a * physical + b] += links, wired[b * physical + a] += links;
      sum[a] += links, sum[b] += links;
    };
    for (const Wire& w : c.scale_up.wires)
      join(static_cast<std::uint32_t>(w.a), static_cast<std::uint32_t>(w.b), w.links);
    for (std::uint32_t a = 0; c.scale_up.wires.empty() && a < physical; ++a)
      for (std::uint32_t b = a + 1; b < physical; ++b) join(a, b, 1);
    most_ = std::max(1, *std::max_element(sum.begin(), sum.end()));
    links_.assign(n_ * n_, 0), pair_.assign(n_ * n_, 0);
    for (std::uint32_t i = 0; i < n_; ++i)
      for (std::uint32_t j = i + 1; j < n_; ++j) {
        const int links = wired[i * physical / n_ * physical + j * physical / n_];
        if (links == 0) continue;
        links_[i * n_ + j] = links_[j * n_ + i] = links;
        pair_[i * n_ + j] = pair_[j * n_ + i] = static_cast<std::uint32_t>(wires_.size());
        wires_.push_back({i, j, links});
      }
  }

  bool joins(std::uint32_t from, std::uint32_t to) const override {
    const std::uint32_t a = from % n_, b = to % n_;
    return neighbours(a, b) || relay(a, b) < n_;
  }

  void route(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    const std::uint32_t node = from / n_, a = from % n_, b = to % n_;
    if (neighbours(a, b)) return links.push_back(link(node, a, b));
    const std::uint32_t via = relay(a, b);
    links.insert(links.end(), {link(node, a, via), link(node, via, b)});
  }

  int switches_passed(std::uint32_t, std::uint32_t) const override { return 0; }

  std::string name(std::uint32_t pair) const override {
    const auto per_node = static_cast<std::uint32_t>(wires_.size());
    const Pair& w = wires_[pair % per_node];
    return "node" + std::to_string(pair / per_node) + "/gpu" + std::to_string(w.a) + "-gpu" + std::to_string(w.b) +
           " nvlink";
  }

  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const override {
    const auto per_node = static_cast<std::uint32_t>(wires_.size());
    const Pair& w = wires_[pair % per_node];
    const std::uint32_t first = pair / per_node * n_;
    return {{false, first + w.a}, {false, first + w.b}};
  }

  const std::vector<int>& matrix() const { return links_; }

 protected:
  void add_pairs(Links& links) const override {
    for (const BytesPerSecond rate : rates_)
      for (const Pair& wire : wires_) add_pair(links, LinkKind::nvlink, {rate.n * wire.links / most_});
  }

 private:
  struct Pair {
    std::uint32_t a, b;
    int links;
  };

  bool neighbours(std::uint32_t a, std::uint32_t b) const { return links_[a * n_ + b] > 0; }
  LinkId link(std::uint32_t node, std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t pair = node * static_cast<std::uint32_t>(wires_.size()) + pair_[a * n_ + b];
    return a < b ? out(pair) : in(pair);
  }
  // The GPU with the most links to both; the first of equals. n_ where there is none.
  std::uint32_t relay(std::uint32_t a, std::uint32_t b) const {
    std::uint32_t best = n_;
    int most = 0;
    for (std::uint32_t via = 0; via < n_; ++via) {
      const int links = std::min(links_[a * n_ + via], links_[via * n_ + b]);
      if (links > most) most = links, best = via;
    }
    return best;
  }

  std::uint32_t n_;
  std::vector<BytesPerSecond> rates_;  // of every node: a GPU's NVLinks together
  int most_ = 1;                       // NVLinks of a GPU
  std::vector<int> links_;             // between two GPUs of a node
  std::vector<std::uint32_t> pair_;    // their number in the node
  std::vector<Pair> wires_;            // of one node
};

}  // namespace

std::unique_ptr<Interconnect> make_mesh(const ClusterSpec& cluster) {
  return std::make_unique<Mesh>(cluster);
}

}  // namespace orrery::topology
