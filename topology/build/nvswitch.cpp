#include <algorithm>

#include "topology/build/by_node.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

// NVSwitches of a domain: every GPU's links spread over the chips of its board, so
// they are one bundle and the chips one crossbar. Several boards (DGX-2) are joined
// chip to chip, by as much as their GPUs can send.
class NvSwitch : public Interconnect {
 public:
  explicit NvSwitch(const ClusterSpec& c)
      : gpus_(static_cast<std::uint32_t>(c.gpus())),
        per_node_(static_cast<std::uint32_t>(c.gpus_per_node)),
        domain_(static_cast<std::uint32_t>(c.domain_gpus())),
        planes_(static_cast<std::uint32_t>(std::max(1, c.scale_up.planes))),
        gpus_of_board_(std::max(1, c.physical_gpus_per_node / std::max(1, c.scale_up.planes))),
        chips_(by_node(c,
                       [](const ClusterSpec& all) {
                         return std::max(1, all.scale_up.switches / std::max(1, all.scale_up.planes));
                       })),
        rates_(by_node(c, [](const ClusterSpec& all) { return all.scale_up.usable; })) {}

  void route(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    links.push_back(out(from));
    if (planes_ > 1)
      if (const std::uint32_t a = board_of(from), b = board_of(to); a != b)
        links.insert(links.end(), {out(gpus_ + a), in(gpus_ + b)});
    links.push_back(in(to));
  }

  // Trunks are numbered apart.
  std::uint32_t links_a_domain() const override { return planes_ > 1 ? 0 : 2 * domain_; }

  int switches_passed(std::uint32_t from, std::uint32_t to) const override {
    return board_of(from) == board_of(to) ? 1 : 2;
  }

  std::string name(std::uint32_t pair) const override {
    if (pair >= gpus_) return board_name(pair - gpus_);
    return "node" + std::to_string(pair / per_node_) + "/gpu" + std::to_string(pair % per_node_) + " nvlink";
  }
  std::pair<std::string_view, std::string_view> directions(std::uint32_t pair) const override {
    if (pair >= gpus_) return {"up", "down"};
    return {"out", "in"};
  }

  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const override {
    if (pair < gpus_) return {{false, pair}, {true, board_of(pair)}};
    return {{true, pair - gpus_}, {true, boards() + (pair - gpus_) / planes_}};
  }
  std::uint32_t switches() const override { return boards() + (planes_ > 1 ? domains() : 0); }
  std::string switch_name(std::uint32_t i) const override {
    return i < boards() ? board_name(i) : "nvtrunk" + std::to_string(i - boards());
  }
  int tier(std::uint32_t i) const override { return i < boards() ? 1 : 2; }

  int wires(std::uint32_t pair) const override { return pair < gpus_ ? chips_[pair / per_node_] : 1; }
  std::string wire_name(std::uint32_t pair, int wire) const override {
    if (wires(pair) == 1) return name(pair);
    return "node" + std::to_string(pair / per_node_) + "/gpu" + std::to_string(pair % per_node_) + "-nvswitch" +
           std::to_string(wire);
  }

 protected:
  void add_pairs(Links& links) const override {
    for (std::uint32_t gpu = 0; gpu < gpus_; ++gpu) add_pair(links, LinkKind::nvlink, rates_[gpu / per_node_]);
    for (std::uint32_t i = 0; planes_ > 1 && i < boards(); ++i)
      add_pair(links, LinkKind::nvlink, {rates_[i / planes_ * domain_ / per_node_].n * gpus_of_board_});
  }

 private:
  std::uint32_t domains() const { return (gpus_ + domain_ - 1) / domain_; }
  std::uint32_t boards() const { return domains() * planes_; }
  std::uint32_t board_of(std::uint32_t gpu) const {
    return gpu / domain_ * planes_ + gpu % domain_ * planes_ / domain_;
  }
  std::string board_name(std::uint32_t board) const {
    const std::string domain = "nvswitch" + std::to_string(board / planes_);
    return planes_ > 1 ? domain + "/board" + std::to_string(board % planes_) : domain;
  }

  std::uint32_t gpus_, per_node_, domain_, planes_;
  int gpus_of_board_;
  std::vector<int> chips_;             // of every node, on a board
  std::vector<BytesPerSecond> rates_;  // of every node, a GPU
};

}  // namespace

std::unique_ptr<Interconnect> make_nvswitch(const ClusterSpec& cluster) {
  return std::make_unique<NvSwitch>(cluster);
}

}  // namespace orrery::topology
