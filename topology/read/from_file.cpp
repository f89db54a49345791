#include "topology/read/from_file.h"

#include <algorithm>
#include <filesystem>

#include "topology/read/files/mapping.h"
#include "topology/read/preset.h"

namespace orrery::topology {
namespace {

namespace fs = std::filesystem;

// Relative paths are relative to the file that names them, then to where the program runs.
std::string locate(const Node& named) {
  std::error_code none;
  const fs::path beside = fs::path(named.where.file).parent_path() / named.text;
  return fs::exists(beside, none) ? beside.string() : named.text;
}

const Node* file_of(const Node& cluster) {
  const Node* fabric = cluster.find("fabric");
  const Node* file = fabric ? fabric->find("file") : nullptr;
  return file && !file->is_null() ? file : nullptr;
}

Node without(Node map, std::initializer_list<std::string_view> keys) {
  std::erase_if(map.entries,
                [&](const Node::Entry& entry) { return std::find(keys.begin(), keys.end(), entry.key) != keys.end(); });
  return map;
}

// A platform that is named knows how many GPUs its nodes have.
void check_size(const Node& preset, const FabricFile& file, Errors& errors) {
  const Node* told = preset.find("gpus_per_node");
  const Node* seen = file.node.cluster.find("gpus_per_node");
  if (told && seen && told->text != seen->text)
    errors.push_back({seen->where, "the file has " + seen->text +
                                       " GPUs, but a node of the platform that is named has " + told->text + " (" +
                                       told->where.file + ":" + std::to_string(told->where.line) + ")"});
}

// A file that lists the network takes the place of the preset's own.
Node without_network(const Node& preset) {
  Node rest = preset;
  for (Node::Entry& entry : rest.entries)
    if (entry.key == "fabric")
      entry.value = without(entry.value, {"kind", "link", "leaf_radix", "oversubscription", "pod_gpus",
                                          "pod_oversubscription", "dimensions", "planes"});
  return rest;
}

bool has(const Node& map, std::string_view path) {
  const std::size_t dot = path.find('.');
  const Node* found = map.find(path.substr(0, dot));
  if (!found || found->is_null()) return false;
  return dot == std::string_view::npos || has(*found, path.substr(dot + 1));
}

}  // namespace

std::optional<FileLayer> read_file_layer(const Node& cluster, const Node* preset, const Node& scenario,
                                         const LinkFacts& facts, const SearchPath& path, Errors& errors) {
  const Node* named = file_of(cluster);
  if (!named) return std::nullopt;
  if (!named->is_scalar()) {
    errors.push_back({named->where, "'cluster.fabric.file' must be the path of a file"});
    return std::nullopt;
  }
  Result<FabricFile> file = read_fabric_file(locate(*named), named->where, facts, path);
  if (!file) {
    errors.insert(errors.end(), file.errors().begin(), file.errors().end());
    return std::nullopt;
  }
  Node told = file->node.cluster;
  if (has(scenario, "nodes") || has(scenario, "gpus")) told = without(told, {"nodes"});
  Node base = mapping_at(told.where);
  if (!file->node.gpu.is_null()) put(base, "gpu", file->node.gpu);
  if (preset) {
    check_size(*preset, *file, errors);
    base = overlay(base, file->network ? without_network(*preset) : *preset);
  }
  base = overlay(base, told);
  return FileLayer{std::move(*file), std::move(base)};
}

void check_gaps(const FileLayer& layer, const Node& whole, Errors& errors) {
  for (const Gap& gap : layer.file.node.gaps)
    if (!has(whole, gap.key)) errors.push_back(gap.error);
}

}  // namespace orrery::topology
