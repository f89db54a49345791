#include <algorithm>

#include "sim/check/parts.h"

namespace orrery::sim {

namespace {

void check_links(const Workload& workload, Faults& faults) {
  for (std::uint32_t l = 0; l < workload.links.size(); ++l) {
    if (workload.links[{l}].capacity.n > 0) continue;
    faults.add([&] { return "link " + std::to_string(l) + " has no capacity"; });
  }
}

void check_program_of(const Workload& workload, Faults& faults) {
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const std::uint32_t program = workload.program_of[{r}].value;
    if (program < workload.programs.size()) continue;
    faults.add(
        [&] { return "rank " + std::to_string(r) + " has no program: there is no number " + std::to_string(program); });
  }
}

void check_groups(const Workload& workload, Faults& faults) {
  std::vector<std::uint32_t> seen_in(workload.ranks(), UINT32_MAX);
  for (std::uint32_t g = 0; g < workload.groups.size(); ++g) {
    const auto group_name = "group " + std::to_string(g);
    if (workload.groups[{g}].members.empty()) faults.add([&] { return group_name + " has no members"; });
    for (const RankId member : workload.groups[{g}].members) {
      if (member.value >= workload.ranks()) {
        faults.add([&] { return group_name + " has rank " + std::to_string(member.value) + ", which does not exist"; });
      } else if (seen_in[member.value] == g) {
        faults.add([&] { return group_name + " has rank " + std::to_string(member.value) + " twice"; });
      } else {
        seen_in[member.value] = g;
      }
    }
  }
}

// A role sends a rank to a group that it is in, and with it all other members:
// one that is sent elsewhere would never arrive.
void check_role(const Workload& workload, const GroupRoleInfo& role, Faults& faults) {
  if (role.group_of.size() != workload.ranks()) {
    faults.add([&] { return "group role '" + role.name + "' does not cover every rank"; });
    return;
  }
  std::vector<std::uint32_t> sent(workload.groups.size(), 0);
  for (const GroupId group : role.group_of) {
    if (group.is_none()) continue;
    if (group.value < workload.groups.size()) {
      ++sent[group.value];
    } else {
      faults.add([&] {
        return "group role '" + role.name + "' names group " + std::to_string(group.value) + ", which does not exist";
      });
    }
  }
  for (std::uint32_t g = 0; g < workload.groups.size(); ++g) {
    if (sent[g] == 0) continue;
    const auto& members = workload.groups[{g}].members;
    const auto there = std::count_if(members.begin(), members.end(), [&](RankId m) {
      return m.value < workload.ranks() && role.group_of[m].value == g;
    });
    if (sent[g] == members.size() && there == static_cast<std::ptrdiff_t>(sent[g])) continue;
    faults.add([&] {
      return "group role '" + role.name + "' sends " + std::to_string(sent[g]) + " ranks to group " +
             std::to_string(g) + ", which has " + std::to_string(members.size()) + " members, " +
             std::to_string(there) + " of them among those";
    });
  }
}

void check_peers(const Workload& workload, const PeerRoleInfo& role, Faults& faults) {
  if (role.peer_of.size() != workload.ranks()) {
    faults.add([&] { return "peer role '" + role.name + "' does not cover every rank"; });
    return;
  }
  for (const RankId peer : role.peer_of) {
    if (peer.is_none() || peer.value < workload.ranks()) continue;
    faults.add([&] {
      return "peer role '" + role.name + "' names rank " + std::to_string(peer.value) + ", which does not exist";
    });
  }
}

}  // namespace

void check_tables(const Workload& workload, Faults& faults) {
  if (workload.steps < 1) faults.add([] { return std::string("a run has at least one step"); });
  check_links(workload, faults);
  check_program_of(workload, faults);
  check_groups(workload, faults);
  for (const GroupRoleInfo& role : workload.group_roles) check_role(workload, role, faults);
  for (const PeerRoleInfo& role : workload.peer_roles) check_peers(workload, role, faults);
}

}  // namespace orrery::sim
