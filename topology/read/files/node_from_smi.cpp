#include <algorithm>
#include <set>

#include "topology/read/files/mapping.h"
#include "topology/read/files/nearest_nics.h"
#include "topology/read/files/node_file.h"

namespace orrery::topology {
namespace {

class NodeMaker {
 public:
  NodeMaker(const SmiTopology& topology, const std::string& file, const LinkFacts& facts)
      : topology_(topology), file_(file), facts_(facts), gpus_(topology.gpus()), nics_(topology.nics()) {}

  NodeFile make() {
    const Where& first = topology_.devices[gpus_[0]].where;
    node_.cluster = mapping_at(first);
    put(node_.cluster, "gpus_per_node", std::to_string(gpus_.size()), first);
    node_.gaps.push_back({"gpu",
                          {first,
                           "a matrix does not say which GPUs these are; write cluster.gpu or name the "
                           "platform (cluster.preset)"}});
    if (gpus_.size() > 1) describe_scale_up(first);
    describe_host(first);
    return std::move(node_);
  }

 private:
  const SmiPath& path(std::size_t a, std::size_t b) const { return topology_.devices[a].paths[b]; }

  // Behind switches every pair shows all the links of a GPU.
  void describe_scale_up(const Where& where) {
    std::set<int> counts;
    for (std::size_t a : gpus_)
      for (std::size_t b : gpus_)
        if (a != b) counts.insert(path(a, b).nvlinks);
    Node scale_up = mapping_at(where);
    const int links = *counts.rbegin();
    if (links == 0) {
      put(scale_up, "kind", "pcie", where);
    } else {
      const bool switched = counts.size() == 1 && links * static_cast<int>(gpus_.size() - 1) > most_links();
      if (switched)
        put(scale_up, "kind", "nvswitch", where);
      else
        put_direct_links(scale_up, direct_links(), where);
      name_generation(switched ? links : links_of_first(), scale_up, where);
    }
    put(node_.cluster, "scale_up", std::move(scale_up));
  }

  std::vector<std::vector<int>> direct_links() const {
    std::vector<std::vector<int>> links(gpus_.size(), std::vector<int>(gpus_.size(), 0));
    for (std::size_t a = 0; a < gpus_.size(); ++a)
      for (std::size_t b = 0; b < gpus_.size(); ++b) links[a][b] = path(gpus_[a], gpus_[b]).nvlinks;
    return links;
  }

  int links_of_first() const {
    int links = 0;
    for (std::size_t b : gpus_) links += path(gpus_[0], b).nvlinks;
    return links;
  }

  // More links than any GPU has cannot all be wires between pairs.
  int most_links() const {
    int most = 0;
    for (const NvlinkFacts& row : facts_.scale_up) most = std::max(most, row.links);
    return most;
  }

  // Only where the number of links tells it: NV18 is NVLink 4 or 5.
  void name_generation(int links, Node& scale_up, const Where& where) const {
    std::string only;
    int rows = 0;
    for (const NvlinkFacts& row : facts_.scale_up)
      if (row.links == links) only = row.name, ++rows;
    if (rows == 1) put(scale_up, "generation", only, where);
  }

  void describe_host(const Where& where) {
    Node host = mapping_at(where);
    std::set<int> numa;
    for (const SmiDevice& device : topology_.devices)
      if (device.gpu && device.numa >= 0) numa.insert(device.numa);
    if (!numa.empty()) put(host, "numa", std::to_string(numa.size()), where);
    if (!nics_.empty()) {
      std::vector<std::vector<int>> distance;
      for (std::size_t g : gpus_) {
        distance.emplace_back();
        for (std::size_t n : nics_) distance.back().push_back(static_cast<int>(path(g, n).kind));
      }
      const NearestNics nearest = nearest_nics(distance, std::vector<double>(nics_.size(), 0));
      for (const std::string& assumption : nearest.assumptions) node_.assumptions.push_back(file_ + ": " + assumption);
      put(host, "nics", std::to_string(nearest.used.size()), topology_.devices[nics_[0]].where);
    }
    if (!host.entries.empty()) put(node_.cluster, "host", std::move(host));
  }

  const SmiTopology& topology_;
  const std::string& file_;
  const LinkFacts& facts_;
  std::vector<std::size_t> gpus_, nics_;
  NodeFile node_;
};

}  // namespace

Result<NodeFile> node_from(const SmiTopology& topology, const std::string& file, const LinkFacts& facts) {
  if (topology.gpus().empty()) return Error{{file, 0, 0}, "lists no GPU"};
  return NodeMaker(topology, file, facts).make();
}

}  // namespace orrery::topology
