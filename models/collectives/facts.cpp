#include "models/collectives/facts.h"

namespace orrery::models {
namespace {

// The names of `cluster.nccl`, as what they stand for.
template <class Enum>
std::vector<Enum> named(const std::vector<std::string>& names, std::optional<Enum> (*from)(std::string_view),
                        const std::string& what, const Where& at, Errors& errors) {
  std::vector<Enum> found;
  for (const std::string& name : names)
    if (const std::optional<Enum> value = from(name))
      found.push_back(*value);
    else
      errors.push_back({at, "'" + name + "' is no " + what + " of NCCL's"});
  return found;
}

Result<CollectiveFacts> facts_of_one_kind(const SearchPath& path, const topology::ClusterSpec& cluster,
                                          const std::string& version, const Where& asked_at) {
  const Generation generation = generation_of(cluster.gpu);
  const std::string& asked = version.empty() ? cluster.nccl.version : version;
  Result<NcclModel> nccl = read_nccl_model(path, asked, generation, cluster.cpu_vendor == "amd", asked_at);
  Result<KernelTimes> times = read_kernel_times(path, generation, asked, cluster.scale_up.kind == "pcie");
  Errors errors;
  if (!nccl) errors = nccl.errors();
  if (!times) errors.insert(errors.end(), times.errors().begin(), times.errors().end());
  CollectiveFacts facts;
  facts.protocols = named(cluster.nccl.protocols, protocol_from, "protocol", asked_at, errors);
  facts.algorithms = named(cluster.nccl.algorithms, algorithm_from, "algorithm", asked_at, errors);
  if (!cluster.nccl.tuner.empty()) {
    Result<Tuner> tuner = read_tuner(path, cluster.nccl.tuner, asked_at);
    if (!tuner)
      errors.insert(errors.end(), tuner.errors().begin(), tuner.errors().end());
    else
      facts.tuner = std::move(*tuner);
  }
  if (!errors.empty()) return errors;
  facts.nccl = std::move(*nccl), facts.times = *times;
  return facts;
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
