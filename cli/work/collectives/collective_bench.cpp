#include "cli/work/collectives/collective_bench.h"

#include "cli/options/preset_cluster.h"
#include "sim/base/fields.h"

namespace orrery::cli {

using interop::CollectiveMeasurement;

Result<std::vector<CollectivePlatform>> read_collective_platforms(const SearchPath& path) {
  const Result<std::string> file = path.find("published", "collectives", {"scenarios/published", 0, 0});
  if (!file) return file.errors();
  const Result<Node> document = read_document(*file);
  if (!document) return document.errors();
  Errors errors;
  std::vector<CollectivePlatform> platforms;
  Fields top(*document, "collectives", errors);
  top.require({"platforms"});
  if (const Node* list = top.node("platforms"))
    for (const Node& item : list->items) {
      Fields f(item, "platforms", errors);
      CollectivePlatform p;
      p.gpu = f.text("gpu").value_or("");
      p.platform = f.text("platform").value_or("");
      p.cluster = f.text("cluster").value_or("");
      p.skip = f.text("skip").value_or("");
      p.nccl = f.text("nccl").value_or("");
      p.call = f.duration("call").value_or(Duration());
      p.nvl = f.flag("nvl").value_or(false);
      f.finish();
      platforms.push_back(std::move(p));
    }
  top.finish();
  if (!errors.empty()) return errors;
  return platforms;
}

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
