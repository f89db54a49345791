#include "validate/plan/communicators.h"

#include <algorithm>
#include <set>

namespace orrery::validate {
namespace {

using Keys = std::set<CommunicatorKey>;

void add_group(Keys& keys, const sim::Workload& w, RankId rank, std::size_t stream, const sim::Transfer& transfer) {
  const GroupId group = w.group_roles[transfer.role].group_of[rank];
  if (group.is_none() || w.groups[group].members.size() < 2) return;
  keys.insert({w.groups[group].members, false, static_cast<std::uint16_t>(stream)});
}

void add_pair(Keys& keys, const sim::Workload& w, RankId rank, bool sends, const sim::Transfer& transfer) {
  const RankId peer = w.peer_roles[transfer.role].peer_of[rank];
  if (peer.is_none() || peer == rank) return;
  keys.insert({sends ? std::vector{rank, peer} : std::vector{peer, rank}, true, transfer.tag});
}

void add_ops(Keys& keys, const sim::Workload& w, RankId rank, std::size_t stream) {
  const sim::Program& program = w.programs[w.program_of[rank]];
  for (const sim::Op& op : program.streams[stream].ops) {
    if (op.kind == sim::OpKind::collective)
      add_group(keys, w, rank, stream, program.transfers[static_cast<std::size_t>(op.payload)]);
    if (op.kind == sim::OpKind::send || op.kind == sim::OpKind::receive)
      add_pair(keys, w, rank, op.kind == sim::OpKind::send, program.transfers[static_cast<std::size_t>(op.payload)]);
  }
}

}  // namespace

// Each key goes into the first split where all of its ranks are free.
std::vector<Split> plan_communicators(const sim::Workload& workload) {
  Keys keys;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r)
    for (std::size_t s = 0; s < workload.programs[workload.program_of[RankId{r}]].streams.size(); ++s)
      add_ops(keys, workload, {r}, s);

  std::vector<Split> splits;
  std::vector<std::vector<bool>> taken;
  for (const CommunicatorKey& key : keys) {
    std::size_t at = 0;
    const auto is_free = [&](std::size_t split) {
      return std::none_of(key.members.begin(), key.members.end(),
                          [&](RankId rank) { return taken[split][rank.value]; });
    };
    while (at < splits.size() && !is_free(at)) ++at;
    if (at == splits.size()) {
      splits.emplace_back();
      taken.emplace_back(workload.ranks(), false);
    }
    splits[at].parts.push_back(key);
    for (const RankId rank : key.members) taken[at][rank.value] = true;
  }
  return splits;
}

PartOf part_of(const Split& split, RankId rank) {
  for (std::size_t p = 0; p < split.parts.size(); ++p) {
    const std::vector<RankId>& members = split.parts[p].members;
    const auto at = std::find(members.begin(), members.end(), rank);
    if (at != members.end()) return {static_cast<int>(p), static_cast<int>(at - members.begin())};
  }
  return {};
}

}  // namespace orrery::validate
