#include "models/compile/rank_starts.h"

#include <algorithm>
#include <cmath>

#include "models/compile/roles.h"
#include "models/memory/allocation_replay.h"

namespace orrery::models {
namespace {

// Among those that share its states: 0 is the first, 1 the last.
double place_of(const sim::Workload& workload, RankId rank) {
  for (const sim::GroupRole role : {role::shard, role::dp, role::edp_shard, role::edp}) {
    const GroupId group = workload.group_of(rank, role);
    if (group.is_none()) continue;
    const std::vector<RankId>& members = workload.groups[group].members;
    if (members.size() < 2) continue;
    const auto at = std::find(members.begin(), members.end(), rank) - members.begin();
    return static_cast<double>(at) / static_cast<double>(members.size() - 1);
  }
  return 0;
}

}  // namespace

IdVector<RankId, RankStart> rank_starts(const Scenario& scenario, const Compiled& compiled) {
  const sim::Workload& workload = compiled.workload;
  std::vector<std::vector<StartUp>> starts;  // by program
  for (const HeldWeights& held : compiled.held_by_program) starts.push_back(start_ups(scenario, held));
  IdVector<RankId, RankStart> ranks(workload.ranks());
  for (RankId rank{0}; rank.value < workload.ranks(); ++rank.value) {
    const ProgramId program = workload.program_of[rank];
    const std::vector<StartUp>& of = starts[program.value];
    RankStart& start = ranks[rank];
    start.allocator = allocator_options(scenario, compiled.node_of_program[program.value]);
    start.resident = resident_beside(workload.programs[program], compiled.held_by_program[program.value], !of.empty());
    if (of.empty()) continue;
    const double last = static_cast<double>(of.size() - 1);
    start.states = of[static_cast<std::size_t>(std::lround(place_of(workload, rank) * last))];
  }
  return ranks;
}

}  // namespace orrery::models
