#include "models/compile/calibration_use.h"

#include <set>

namespace orrery::models {
namespace {

// Whom `rank` does this transfer with, itself included.
std::vector<RankId> members(const sim::Workload& workload, const sim::Transfer& transfer, RankId rank) {
  if (sim::is_copy(transfer.kind)) return {rank};
  if (transfer.kind == sim::TransferKind::point_to_point) {
    const RankId peer = workload.peer_roles[transfer.role].peer_of[rank];
    return peer.is_none() ? std::vector<RankId>() : std::vector<RankId>{rank, peer};
  }
  const GroupId group = workload.group_roles[transfer.role].group_of[rank];
  return group.is_none() ? std::vector<RankId>() : workload.groups[group].members;
}

// Sizes of transfers by whether they were measured. The first rank of each program
// speaks for all: ranks of one program do the same, in groups that are laid out alike.
void count_transfers(const MeasuredTransfers& transfers, const Compiled& compiled, CalibrationUse& use) {
  const sim::Workload& workload = compiled.workload;
  std::set<ProgramId> seen;
  std::set<std::tuple<sim::TransferKind, std::size_t, int, Bytes>> known, unknown;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const ProgramId program = workload.program_of[{r}];
    if (!seen.insert(program).second) continue;
    for (const sim::Transfer& transfer : workload.programs[program].transfers) {
      const std::vector<RankId> group = members(workload, transfer, {r});
      if (group.empty() || (group.size() == 1 && !sim::is_copy(transfer.kind))) continue;
      const int nodes = count_nodes(*compiled.fabric, group);
      const bool measured = transfers.knows(transfer.kind, static_cast<int>(group.size()), nodes);
      (measured ? known : unknown).insert({transfer.kind, group.size(), nodes, transfer.bytes});
    }
  }
  use.transfers_measured = static_cast<int>(known.size());
  use.transfers_modelled = static_cast<int>(unknown.size());
}

}  // namespace

CalibrationUse use_of(const Calibration& calibration, const CostModel& costs, const MeasuredTransfers& transfers,
                      const Compiled& compiled) {
  CalibrationUse use;
  use.file = calibration.file;
  use.contention = calibration.interference.contains("compute_bound_by_collective");
  if (const auto at = calibration.machine.find("stand_in"); at != calibration.machine.end()) use.stand_in = at->second;
  for (const Kernel& kernel : compiled.kernels) {
    const int tier = costs.time(kernel).tier;
    ++(tier == 3 ? use.measured : tier == 2 ? use.corrected : use.by_curve);
  }
  count_transfers(transfers, compiled, use);
  return use;
}

}  // namespace orrery::models
