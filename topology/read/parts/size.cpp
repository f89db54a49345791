#include "topology/read/parts/size.h"

#include <string>

namespace orrery::topology {
namespace {

// Beyond any plan, and ids of links stay within 32 bits.
constexpr std::int64_t kMostGpus = 4 << 20;
constexpr std::int64_t kMostGpusPerNode = 4096;
constexpr int kUsualGpusPerNode = 8;

std::string text(std::int64_t n) {
  return std::to_string(n);
}

int physical_gpus(const Node* preset, int used) {
  if (!preset) return used;
  const Node* node = preset->find("gpus_per_node");
  if (!node || !node->is_scalar()) return used;
  const Result<std::int64_t> count = parse_count(node->text, node->where);
  return count && *count >= 1 && *count <= kMostGpusPerNode ? static_cast<int>(*count) : used;
}

// Whether the node's size stands in the scenario itself, not in its preset.
bool chosen(const Fields& cluster, const Node* preset) {
  if (!cluster.has("gpus_per_node")) return false;
  const Node* node = preset ? preset->find("gpus_per_node") : nullptr;
  return !node || node->where != cluster.at("gpus_per_node");
}

void from_gpus(Fields& cluster, std::int64_t gpus, bool chosen_node, ClusterSpec& spec) {
  if (gpus < spec.gpus_per_node && !chosen_node) spec.gpus_per_node = static_cast<int>(gpus);  // part of one node
  if (gpus % spec.gpus_per_node != 0) {
    cluster.fail("gpus", "gpus = " + text(gpus) + " is no multiple of gpus_per_node = " + text(spec.gpus_per_node));
    return;
  }
  spec.nodes = static_cast<int>(gpus / spec.gpus_per_node);
}

}  // namespace

void read_size(Fields& cluster, const Node* preset, ClusterSpec& spec) {
  const std::optional<std::int64_t> nodes = cluster.count("nodes", 1, kMostGpus);
  const std::optional<std::int64_t> gpus = cluster.count("gpus", 1, kMostGpus);
  const std::optional<std::int64_t> per_node = cluster.count("gpus_per_node", 1, kMostGpusPerNode);
  if (!cluster.has("gpus_per_node")) spec.defaults_used.push_back("cluster.gpus_per_node = " + text(kUsualGpusPerNode));
  spec.gpus_per_node = static_cast<int>(per_node.value_or(kUsualGpusPerNode));
  spec.physical_gpus_per_node = physical_gpus(preset, spec.gpus_per_node);
  if (spec.gpus_per_node > spec.physical_gpus_per_node && !spec.ideal)
    cluster.fail("gpus_per_node", "gpus_per_node = " + text(spec.gpus_per_node) + ", but a node of '" + spec.name +
                                      "' has " + text(spec.physical_gpus_per_node) + " GPUs");
  if (spec.ideal) spec.physical_gpus_per_node = spec.gpus_per_node;

  if (nodes) spec.nodes = static_cast<int>(*nodes);
  if (!nodes && gpus) from_gpus(cluster, *gpus, chosen(cluster, preset), spec);
  if (nodes && gpus && *nodes * spec.gpus_per_node != *gpus)
    cluster.fail("gpus", "gpus = " + text(*gpus) + ", but nodes x gpus_per_node = " + text(*nodes) + " x " +
                             text(spec.gpus_per_node) + " = " + text(*nodes * spec.gpus_per_node));
  if (!cluster.has("nodes") && !cluster.has("gpus")) cluster.fail("", "'cluster' needs 'nodes' or 'gpus'");
  check_most_gpus(cluster, "nodes", spec);
}

bool check_most_gpus(Fields& cluster, std::string_view key, const ClusterSpec& spec) {
  const std::int64_t gpus = std::int64_t{spec.nodes} * spec.gpus_per_node;
  if (gpus <= kMostGpus) return true;
  cluster.fail(key, "the cluster has " + text(gpus) + " GPUs; more than " + text(kMostGpus) + " are not simulated");
  return false;
}

void read_domain(Fields& scale_up, ClusterSpec& spec) {
  const std::optional<std::int64_t> domain = scale_up.count("domain", 1, kMostGpus);
  const std::optional<std::int64_t> partial = scale_up.count("partial_domain", 1, kMostGpus);
  if (!domain) return;
  const int physical = spec.physical_gpus_per_node;
  for (const auto& [key, value] : {std::pair("domain", domain), std::pair("partial_domain", partial)}) {
    if (!value || *value % physical == 0) continue;
    scale_up.fail(key,
                  std::string(key) + " = " + text(*value) + " GPUs does not hold whole nodes of " + text(physical));
    return;
  }
  const auto used = [&](std::int64_t n) { return static_cast<int>(n / physical * spec.gpus_per_node); };
  const int whole = used(*domain), gpus = spec.nodes * spec.gpus_per_node;
  spec.whole_domain = whole;
  if (gpus <= whole)
    spec.nvlink_domain = gpus;
  else if (gpus % whole == 0 || !partial)
    spec.nvlink_domain = whole;
  else
    spec.nvlink_domain = used(*partial);
  if (gpus > whole && gpus % whole != 0)
    spec.assumptions.push_back("cluster '" + spec.name + "': " + text(whole) + " GPUs of a domain do not divide " +
                               text(gpus) + ", so domains hold " + text(spec.nvlink_domain));
}

}  // namespace orrery::topology
