#include "cli/options/preset_cluster.h"

#include <algorithm>
#include <filesystem>

#include "topology/catalogue.h"

namespace orrery::cli {
namespace {

bool is_file(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

// The `cluster:` of a scenario; a preset's name alone becomes a mapping.
Result<Node> cluster_in(const std::string& file) {
  const Result<Node> root = read_document(file);
  if (!root) return root.errors();
  const Node* cluster = root->find("cluster");
  if (!cluster) return Error{{file, 0, 0}, "has no 'cluster'"};
  if (!cluster->is_scalar()) return *cluster;
  Node mapping;
  mapping.kind = Node::Kind::map;
  mapping.where = cluster->where;
  mapping.entries.push_back({"preset", cluster->where, *cluster});
  return mapping;
}

void set(Node& mapping, const std::string& key, const std::string& option, const std::string& value) {
  if (value.empty()) return;
  std::erase_if(mapping.entries, [&](const Node::Entry& entry) { return entry.key == key; });
  Node scalar;
  scalar.kind = Node::Kind::scalar;
  scalar.text = value;
  scalar.where = {option, 0, 0};
  mapping.entries.push_back({key, scalar.where, scalar});
}

// A size of its own takes the place of the file's, whichever way that tells it.
void resize(Node& mapping, const PresetCluster& cluster) {
  if (cluster.nodes.empty() && cluster.gpus.empty()) return;
  std::erase_if(mapping.entries, [](const Node::Entry& entry) { return entry.key == "nodes" || entry.key == "gpus"; });
}

}  // namespace

Result<topology::ClusterSpec> read_preset_cluster(const PresetCluster& cluster, const SearchPath& path) {
  const bool file = is_file(cluster.preset);
  Node node;
  if (file) {
    Result<Node> read = cluster_in(cluster.preset);
    if (!read) return read.errors();
    node = std::move(*read);
    resize(node, cluster);
  } else {
    node.kind = Node::Kind::map;
    node.where = {"--cluster", 0, 0};
    set(node, "preset", "--cluster", cluster.preset);
  }
  set(node, "gpus_per_node", "--gpus-per-node", cluster.gpus_per_node);
  set(node, "gpus", "--gpus", cluster.gpus);
  const bool one = !file && cluster.nodes.empty() && cluster.gpus.empty();
  set(node, "nodes", "--nodes", one ? "1" : cluster.nodes);
  if (!file) return topology::read_cluster(node, path);
  return topology::read_cluster(node,
                                SearchPath::standard(std::filesystem::path(cluster.preset).parent_path().string()));
}

}  // namespace orrery::cli
