#include "validate/probe/family/meetings.h"

#include "sim/program.h"

namespace orrery::validate {
namespace {

using sim::Transfer;
using sim::TransferKind;

// As Bench has them: kernels on one stream, transfers on another.
constexpr sim::StreamIndex kTransfers = 1;

// Consecutive ranks; those left over are in none.
sim::GroupRole add_groups(sim::Workload& workload, std::size_t ranks, std::size_t size) {
  sim::GroupRoleInfo role;
  role.name = std::to_string(size) + " ranks";
  for (std::size_t first = 0; first < ranks; first += size) {
    const bool whole = first + size <= ranks;
    sim::Group group;
    for (std::size_t r = first; whole && r < first + size; ++r)
      group.members.push_back({static_cast<std::uint32_t>(r)});
    const GroupId id = whole ? workload.groups.add(std::move(group)) : GroupId::none();
    for (std::size_t r = first; r < std::min(ranks, first + size); ++r) role.group_of.add(id);
  }
  workload.group_roles.edit().push_back(std::move(role));
  return static_cast<sim::GroupRole>(workload.group_roles.size() - 1);
}

// Of pairs of consecutive ranks the other one, for its first (`forward`) or its second.
sim::PeerRole add_peers(sim::Workload& workload, std::size_t ranks, bool forward) {
  sim::PeerRoleInfo role;
  for (std::uint32_t r = 0; r < ranks; ++r) {
    const bool is_first = r % 2 == 0, has_peer = !is_first || r + 1 < ranks;
    role.peer_of.add(has_peer && is_first == forward ? RankId{is_first ? r + 1 : r - 1} : RankId::none());
  }
  workload.peer_roles.edit().push_back(std::move(role));
  return static_cast<sim::PeerRole>(workload.peer_roles.size() - 1);
}

}  // namespace

std::vector<std::size_t> probed_group_sizes(std::size_t ranks) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 2; size < ranks; size *= 2) sizes.push_back(size);
  if (ranks > 1) sizes.push_back(ranks);
  return sizes;
}

sim::Workload probed_meetings(std::size_t ranks) {
  sim::Workload workload;
  workload.categories = {{"probe", false}};
  workload.claims = {{"none", {}}};
  sim::ProgramBuilder program("probes");
  program.add_stream("compute");
  program.add_stream("transfers");
  program.copy(kTransfers, {TransferKind::copy, 0, 0, kLargestProbe}, 0, program.label("copy"));
  for (const std::size_t size : probed_group_sizes(ranks)) {
    const sim::GroupRole role = add_groups(workload, ranks, size);
    program.collective(kTransfers, {TransferKind::all_reduce, role, 0, kLargestProbe}, 0, program.label("all-reduce"));
  }
  if (ranks > 1) {
    const Transfer there{TransferKind::point_to_point, add_peers(workload, ranks, true), 0, kLargestProbe};
    const Transfer here{TransferKind::point_to_point, add_peers(workload, ranks, false), 0, kLargestProbe};
    program.send(kTransfers, there, 0, program.label("send"));
    program.receive(kTransfers, here, 0, program.label("receive"));
  }
  const ProgramId id = workload.programs.add(std::move(program).finish());
  for (std::size_t r = 0; r < ranks; ++r) workload.program_of.add(id);
  return workload;
}

}  // namespace orrery::validate
