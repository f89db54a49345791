#include "validate/probe/family/asked_transfers.h"

#include <set>

namespace orrery::validate {
namespace {

std::size_t ranks_of(const sim::Transfer& transfer, RankId rank, const sim::Workload& workload) {
  if (sim::is_copy(transfer.kind)) return 1;
  if (transfer.kind == sim::TransferKind::point_to_point) return 2;
  const GroupId group = workload.group_roles[transfer.role].group_of[rank];
  return group == GroupId::none() ? 0 : workload.groups[group].members.size();
}

}  // namespace

std::vector<AskedTransfer> asked_transfers(const sim::Workload& workload) {
  std::set<AskedTransfer> asked;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r)
    for (const sim::Transfer& transfer : workload.programs[workload.program_of[RankId{r}]].transfers)
      if (const std::size_t ranks = ranks_of(transfer, RankId{r}, workload); ranks > 1)
        asked.insert({transfer.kind, ranks, transfer.bytes});
  return {asked.begin(), asked.end()};
}

}  // namespace orrery::validate
