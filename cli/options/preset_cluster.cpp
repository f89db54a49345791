#include "cli/options/preset_cluster.h"

#include "topology/catalogue.h"

namespace orrery::cli {

Result<topology::ClusterSpec> read_preset_cluster(const PresetCluster& cluster, const SearchPath& path) {
  Node node;
  node.kind = Node::Kind::map;
  node.where = {"--cluster", 0, 0};
  const auto add = [&](const std::string& key, const std::string& option, const std::string& value) {
    if (value.empty()) return;
    Node scalar;
    scalar.kind = Node::Kind::scalar;
    scalar.text = value;
    scalar.where = {option, 0, 0};
    node.entries.push_back({key, scalar.where, scalar});
  };
  add("preset", "--cluster", cluster.preset);
  add("gpus_per_node", "--gpus-per-node", cluster.gpus_per_node);
  add("gpus", "--gpus", cluster.gpus);
  add("nodes", "--nodes", cluster.nodes.empty() && cluster.gpus.empty() ? "1" : cluster.nodes);
  return topology::read_cluster(node, path);
}

}  // namespace orrery::cli
