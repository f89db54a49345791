#include "topology/read/groups.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "sim/base/read/fields.h"
#include "topology/read/preset.h"

namespace orrery::topology {
namespace {

constexpr std::string_view kOfTheWhole[] = {"groups", "nodes", "gpus", "fabric", "faults", "nccl", "preset"};

Node without(Node node, std::span<const std::string_view> keys) {
  std::erase_if(node.entries,
                [&](const Node::Entry& entry) { return std::find(keys.begin(), keys.end(), entry.key) != keys.end(); });
  return node;
}

// Of a cluster's preset: its nodes, and what its NICs' ports carry.
Node nodes_of(const Node& preset) {
  Node nodes = without(preset, kOfTheWhole);
  const Node* fabric = preset.find("fabric");
  const Node* link = fabric ? fabric->find("link") : nullptr;
  if (link) nodes.entries.push_back({"link", link->where, *link});
  return nodes;
}

}  // namespace

std::optional<GroupSource> group_source(const Node& cluster, const Node& group, const SearchPath& path,
                                        Errors& errors) {
  if (!group.is_map()) {
    errors.push_back({group.where, "a group of 'cluster.groups' must be a mapping, but is " +
                                       std::string(describe(group)) + "; as in {gpu: h100-sxm-80gb, nodes: 16}"});
    return std::nullopt;
  }
  GroupSource source;
  source.whole = without(cluster, kOfTheWhole);
  source.whole.where = group.where;
  const Node* name = group.find("preset");
  if (name && !name->is_null()) {
    source.preset = resolve(*name, "hardware/clusters", path, errors);
    if (!source.preset) return std::nullopt;
    source.whole = overlay(source.whole, nodes_of(*source.preset));
  }
  constexpr std::string_view kPreset[] = {"preset"};
  source.whole = overlay(source.whole, without(group, kPreset));
  source.whole.where = group.where;
  return source;
}

void check_group(const ClusterSpec& first, const ClusterSpec& spec, const Where& where, Errors& errors) {
  const auto refuse = [&](const std::string& what) {
    errors.push_back({where, "cluster.groups: " + what + " is not supported yet", Fault::unsupported});
  };
  const auto agree = [&](const std::string& what, const auto& there, const auto& here) {
    if (there != here) refuse("another " + what + " than the first group's");
  };
  agree("'gpus_per_node'", first.gpus_per_node, spec.gpus_per_node);
  agree("number of GPUs in a physical node", first.physical_gpus_per_node, spec.physical_gpus_per_node);
  agree("'scale_up.kind'", first.scale_up.kind, spec.scale_up.kind);
  agree("'scale_up.planes'", first.scale_up.planes, spec.scale_up.planes);
  agree("'scale_up.wires'", first.scale_up.wires, spec.scale_up.wires);
  agree("'host.nics'", first.host.nics, spec.host.nics);
  agree("'host.pcie_switches'", first.host.pcie_switches, spec.host.pcie_switches);
  agree("'host.numa'", first.host.numa, spec.host.numa);
  if (spec.scale_up.kind == "torus") refuse("'scale_up.kind: torus'");
  if (spec.nvlink_domain > spec.gpus_per_node) refuse("an NVLink domain of several nodes");
}

}  // namespace orrery::topology
