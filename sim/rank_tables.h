#pragma once

#include "sim/workload.h"

namespace orrery::sim {

// Which rank runs which program, and who ranks are to each other: what is kept of a workload to know another by.
struct RankTables {
  explicit RankTables(const Workload& workload)
      : program_of(workload.program_of),
        groups(workload.groups),
        group_roles(workload.group_roles),
        peer_roles(workload.peer_roles) {}

  bool are_of(const Workload& workload) const {
    return program_of == workload.program_of && groups == workload.groups && group_roles == workload.group_roles &&
           peer_roles == workload.peer_roles;
  }

  IdVector<RankId, ProgramId> program_of;
  SharedIdVector<GroupId, Group> groups;
  SharedList<GroupRoleInfo> group_roles;
  SharedList<PeerRoleInfo> peer_roles;
};

}  // namespace orrery::sim
