#include "cli/work/collectives/collective_bench.h"

#include <algorithm>

#include "cli/options/preset_cluster.h"

namespace orrery::cli {

using interop::CollectiveMeasurement;

Result<CollectiveBench> CollectiveBench::of(const CollectivePlatform& platform, const CollectiveMeasurement& row,
                                            const SearchPath& path) {
  PresetCluster wanted{.preset = platform.cluster};
  if (platform.nvl) {
    wanted.gpus = std::to_string(row.nodes * row.gpus_per_node);
  } else {
    wanted.nodes = std::to_string(row.nodes);
    wanted.gpus_per_node = std::to_string(row.gpus_per_node);
  }
  Result<topology::ClusterSpec> cluster = read_preset_cluster(wanted, path);
  if (!cluster) return cluster.errors();
  // Where PCIe alone joins GPUs it matters which they are: the first of the whole node, as nccl-tests takes them.
  const bool first_of_node = cluster->scale_up.kind == "pcie";
  if (first_of_node) {
    wanted.gpus_per_node.clear();
    cluster = read_preset_cluster(wanted, path);
    if (!cluster) return cluster.errors();
  }
  Result<topology::Fabric> built = topology::Fabric::build(*cluster);
  if (!built) return built.errors();
  const auto facts = models::read_collective_facts(path, *cluster, row.nccl.empty() ? platform.nccl : row.nccl);
  if (!facts) return facts.errors();
  CollectiveBench bench;
  bench.kind_ = row.kind;
  bench.call_ = platform.call;
  bench.algorithm_ = models::algorithm_from(row.algorithm);
  bench.int8_ = row.dtype == "int8" || row.dtype == "uint8";
  bench.fabric_ = std::make_shared<const topology::Fabric>(std::move(*built));
  bench.facts_ = *facts;
  const int ranks = first_of_node ? std::min(row.gpus_per_node, bench.fabric_->gpus()) : bench.fabric_->gpus();
  for (int rank = 0; rank < ranks; ++rank) bench.ranks_.push_back({static_cast<std::uint32_t>(rank)});
  return bench;
}

std::vector<models::CollectiveRow> CollectiveBench::table(std::span<const Bytes> sizes, models::Forced forced) const {
  forced.int8 = int8_;
  if (!forced.algorithm) forced.algorithm = algorithm_;
  const auto planner = models::make_planner(fabric_, models::Network::flow, facts_, forced);
  std::vector<models::CollectiveRow> rows = models::collective_table(*fabric_, *planner, kind_, ranks_, sizes);
  for (models::CollectiveRow& row : rows) row.time = row.time + call_;
  return rows;
}

std::string CollectiveBench::architecture() const {
  const topology::ClusterSpec& cluster = fabric_->cluster();
  return std::string(to_string(models::generation_of(cluster.gpu))) + (cluster.scale_up.kind == "pcie" ? "-pcie" : "");
}

}  // namespace orrery::cli
