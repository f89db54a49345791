#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/id.h"
#include "sim/base/shared_list.h"
#include "sim/planner.h"
#include "sim/program.h"

namespace orrery::sim {

// Ranks that meet in collectives, in the order of the communicator. Every stream
// that uses a group has a communicator of its own: collectives of one group on
// one stream meet in issue order, those of different streams do not wait for each other.
struct Group {
  std::vector<RankId> members;
  bool operator==(const Group&) const = default;
};

// A role that a group plays for its members ("tp", "dp", "embedding"). Every
// rank is in at most one group of a role (GroupId::none() where it is in none).
struct GroupRoleInfo {
  std::string name;
  IdVector<RankId, GroupId> group_of;
  bool crosses_pipeline = false;  // members are in different stages: waiting here for a late peer is a pipeline bubble
  bool operator==(const GroupRoleInfo&) const = default;
};

// A role of another rank ("the next stage"); RankId::none() where there is none.
struct PeerRoleInfo {
  std::string name;
  IdVector<RankId, RankId> peer_of;
  bool operator==(const PeerRoleInfo&) const = default;
};

// One direction of a wire. `kind` indexes Workload::link_kinds.
struct Link {
  BytesPerSecond capacity;
  std::uint8_t kind = 0;
  bool operator==(const Link&) const = default;
};

// What waiting on an op of a category means for a rank's time.
struct CategoryInfo {
  std::string name;          // "compute", "tp", "pp", "host"…
  bool is_pipeline = false;  // waiting for the other side of such a transfer is a bubble
};

// How much longer kernels take while a transfer with this claim runs on their
// rank, in thousandths: cost x (1000 + slowdown)/1000. Several claims add up.
struct Claim {
  std::string name;
  std::array<std::uint32_t, kKernelClasses> slowdown_permille{};
};

// Seeded noise on kernel durations: relative standard deviation. Zero is none.
struct Jitter {
  double compute = 0;
  std::uint64_t seed = 1;
};

// Everything a run needs: who runs which program, who meets whom, over what. Copies share what is large.
struct Workload {
  IdVector<ProgramId, Program> programs;
  IdVector<RankId, ProgramId> program_of;
  SharedIdVector<GroupId, Group> groups;
  SharedList<GroupRoleInfo> group_roles;
  SharedList<PeerRoleInfo> peer_roles;
  SharedIdVector<LinkId, Link> links;
  std::vector<std::string> link_kinds;
  std::vector<CategoryInfo> categories;
  std::vector<std::string> causes;  // of memory
  std::vector<Claim> claims;        // [0] takes nothing
  std::shared_ptr<const TransferPlanner> planner;
  Jitter jitter;
  int steps = 2;  // the last one is measured

  std::size_t ranks() const { return program_of.size(); }
  std::uint64_t op_count() const;  // of all ranks over all steps, with those of calls
  // None where there is no such role, or the rank has nobody in it.
  GroupId group_of(RankId rank, std::size_t role) const {
    const bool known = role < group_roles.size() && rank.value < group_roles[role].group_of.size();
    return known ? group_roles[role].group_of[rank] : GroupId::none();
  }
  RankId peer_of(RankId rank, std::size_t role) const {
    const bool known = role < peer_roles.size() && rank.value < peer_roles[role].peer_of.size();
    return known ? peer_roles[role].peer_of[rank] : RankId::none();
  }
};

}  // namespace orrery::sim
