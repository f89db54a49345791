#include "models/collectives/facts.h"

namespace orrery::models {

Result<std::shared_ptr<const CollectiveFacts>> read_collective_facts(const SearchPath& path,
                                                                     const topology::ClusterSpec& cluster,
                                                                     const std::string& version,
                                                                     const Where& asked_at) {
  const Generation generation = generation_of(cluster.gpu);
  Result<NcclModel> nccl = read_nccl_model(path, version.empty() ? cluster.nccl : version, generation,
                                           cluster.cpu_vendor == "amd", asked_at);
  Result<KernelTimes> times = read_kernel_times(path, generation);
  Errors errors;
  if (!nccl) errors = nccl.errors();
  if (!times) errors.insert(errors.end(), times.errors().begin(), times.errors().end());
  if (!errors.empty()) return errors;
  return std::make_shared<const CollectiveFacts>(CollectiveFacts{std::move(*nccl), *times});
}

}  // namespace orrery::models
