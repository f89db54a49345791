#include "cli/work/collectives/collective_bench.h"

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
  const Result<topology::ClusterSpec> cluster = read_preset_cluster(wanted, path);
  if (!cluster) return cluster.errors();
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
  for (int rank = 0; rank < bench.fabric_->gpus(); ++rank) bench.ranks_.push_back({static_cast<std::uint32_t>(rank)});
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
  return std::string(to_string(models::generation_of(fabric_->cluster().gpu)));
}

}  // namespace orrery::cli
