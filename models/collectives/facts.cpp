#include "models/collectives/facts.h"

namespace orrery::models {
namespace {

Result<CollectiveFacts> facts_of_one_kind(const SearchPath& path, const topology::ClusterSpec& cluster,
                                          const std::string& version, const Where& asked_at) {
  const Generation generation = generation_of(cluster.gpu);
  const std::string& asked = version.empty() ? cluster.nccl : version;
  Result<NcclModel> nccl = read_nccl_model(path, asked, generation, cluster.cpu_vendor == "amd", asked_at);
  Result<KernelTimes> times = read_kernel_times(path, generation, asked);
  Errors errors;
  if (!nccl) errors = nccl.errors();
  if (!times) errors.insert(errors.end(), times.errors().begin(), times.errors().end());
  if (!errors.empty()) return errors;
  return CollectiveFacts{std::move(*nccl), *times, {}};
}

}  // namespace

Result<std::shared_ptr<const CollectiveFacts>> read_collective_facts(const SearchPath& path,
                                                                     const topology::ClusterSpec& cluster,
                                                                     const std::string& version,
                                                                     const Where& asked_at) {
  Result<CollectiveFacts> facts = facts_of_one_kind(path, cluster, version, asked_at);
  if (!facts) return facts.errors();
  for (int kind = 0; kind < static_cast<int>(cluster.groups.size()); ++kind) {
    Result<CollectiveFacts> of_kind = facts_of_one_kind(path, cluster.all_of(kind), version, asked_at);
    if (!of_kind) return of_kind.errors();
    facts->kinds.push_back(std::make_shared<const CollectiveFacts>(std::move(*of_kind)));
  }
  return std::make_shared<const CollectiveFacts>(std::move(*facts));
}

}  // namespace orrery::models
