#include "sim/fold/plans.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>

namespace orrery::sim {

FoldedPlans::FoldedPlans(const Workload& workload, const FlowTable& flows, const Refinement& classes)
    : workload_(workload), flows_(flows), classes_(classes) {}

bool FoldedPlans::build(const IdVector<GroupId, Group>& members, const IdVector<RankId, RankId>& class_of) {
  sum_connections();
  find_families();
  if (!add_groups(members)) return false;
  add_ranks(class_of);
  return true;
}

// Connections on one link of a class (its first), over all wires of a wire class.
void FoldedPlans::sum_connections() {
  uses_.resize(flows_.wires());
  const Classes& entities = classes_.entities();
  const Classes& links = classes_.links();
  std::vector<bool> is_first(workload_.links.size(), false);  // of its class
  for (const std::uint32_t link : links.first) is_first[link] = true;
  for (std::uint32_t e = 0; e < flows_.entities(); ++e) {
    const std::uint32_t of = entities.of[e];
    if (of == Classes::kNone) continue;
    const std::uint32_t first_wire = flows_.first_wire(entities.first[of]);
    for (std::uint32_t w = flows_.first_wire(e); w < flows_.first_wire(e + 1); ++w) {
      auto& sum = uses_[first_wire + w - flows_.first_wire(e)];
      if (!sum) sum = std::make_shared<LinkUses>();
      for (const LinkUse& use : flows_.uses(w)) {
        if (is_first[use.link.value]) sum->push_back({{links.of[use.link.value]}, use.connections});
      }
    }
  }
  for (auto& uses : uses_) {
    if (!uses) continue;
    std::sort(uses->begin(), uses->end(), [](const LinkUse& a, const LinkUse& b) { return a.link < b.link; });
    LinkUses merged;
    for (const LinkUse& use : *uses) {
      if (merged.empty() || merged.back().link != use.link)
        merged.push_back(use);
      else
        merged.back().connections += use.connections;
    }
    *uses = std::move(merged);
  }
}

void FoldedPlans::find_families() {
  const std::size_t roles = workload_.group_roles.size();
  family_of_role_.resize(roles);
  std::iota(family_of_role_.begin(), family_of_role_.end(), 0u);
  IdVector<GroupId, std::uint32_t> role_of(workload_.groups.size(), UINT32_MAX);
  for (std::uint32_t role = 0; role < roles; ++role) {
    for (const GroupId group : workload_.group_roles[role].group_of) {
      if (group.is_none()) continue;
      std::uint32_t& first = role_of[group];
      if (first == UINT32_MAX) first = role;
      const std::uint32_t mine = family_of_role_[role], theirs = family_of_role_[first];
      if (mine != theirs)
        std::replace(family_of_role_.begin(), family_of_role_.end(), std::max(mine, theirs), std::min(mine, theirs));
    }
  }
}

bool FoldedPlans::add_groups(const IdVector<GroupId, Group>& members) {
  std::vector<std::uint32_t> family_of_group(members.size(), 0);
  for (std::uint32_t role = 0; role < workload_.group_roles.size(); ++role) {
    for (const GroupId group : workload_.group_roles[role].group_of) {
      if (group.is_none() || classes_.entities().of[group.value] == Classes::kNone) continue;
      family_of_group[classes_.entities().of[group.value]] = family_of_role_[role];
    }
  }
  std::map<Resized, std::vector<std::uint32_t>> wanted_by;  // folded groups
  for (std::uint32_t g = 0; g < members.size(); ++g) {
    for (const Wanted& wanted : flows_.wanted(GroupId{classes_.entities().first[g]})) {
      wanted_by[{family_of_group[g], wanted}].push_back(g);
    }
  }
  for (const auto& [what, groups] : wanted_by) {
    constexpr std::int64_t kMost = 1000;
    std::int64_t extra = 0;
    while (extra < kMost && !fits(what, groups, members, extra)) ++extra;
    if (extra == kMost) return false;
    if (extra > 0) extra_[what] = extra;
    for (const std::uint32_t g : groups) {
      const std::uint32_t first = classes_.entities().first[g];
      const FoldedRequest request{what.wanted.kind, what.wanted.bytes.n + extra, members[{g}].members};
      table_.emplace(request, plan(first, what.wanted, workload_.groups[{first}].members));
    }
  }
  return true;
}

bool FoldedPlans::fits(const Resized& what, const std::vector<std::uint32_t>& groups,
                       const IdVector<GroupId, Group>& members, std::int64_t extra) const {
  std::vector<FoldedRequest> requests;
  for (const std::uint32_t g : groups)
    requests.push_back({what.wanted.kind, what.wanted.bytes.n + extra, members[{g}].members});
  std::sort(requests.begin(), requests.end());
  if (std::adjacent_find(requests.begin(), requests.end()) != requests.end()) return false;
  return std::none_of(requests.begin(), requests.end(), [this](const FoldedRequest& r) { return table_.contains(r); });
}

void FoldedPlans::add_ranks(const IdVector<RankId, RankId>& class_of) {
  for (const std::uint32_t first : classes_.ranks().first) {
    const RankId rank{first}, self = class_of[rank];
    std::uint32_t entity = flows_.first_entity(rank);
    for (const ProgramMeets::InRole& in : flows_.meets(rank).sends) {
      const RankId peer = workload_.peer_roles[in.role].peer_of[rank];
      const std::vector<RankId> pair{rank, peer};
      for (const Wanted& wanted : in.wanted) {
        table_.try_emplace({wanted.kind, wanted.bytes.n, {self, class_of[peer]}}, plan(entity, wanted, pair));
      }
      ++entity;
    }
    for (const Wanted& wanted : flows_.meets(rank).copies) {
      table_.emplace(FoldedRequest{wanted.kind, wanted.bytes.n, {self}}, plan(entity, wanted, {&rank, 1}));
    }
  }
}

TransferPlan FoldedPlans::plan(std::uint32_t entity, const Wanted& wanted, std::span<const RankId> ranks) const {
  TransferPlan folded = workload_.planner->plan({wanted.kind, ranks, wanted.bytes});
  for (Phase& phase : folded.phases) {
    if (!phase.uses || phase.uses->empty()) continue;
    phase.max_rate = limit_of(phase);
    phase.uses = uses_[flows_.wire_of(classes_.entities().first[classes_.entities().of[entity]], phase)];
  }
  return folded;
}

// The limit that FlowNet would give one member of the class. It is written down
// here because FlowNet cannot see it in connections that are summed.
BytesPerSecond FoldedPlans::limit_of(const Phase& phase) const {
  if (phase.max_rate.n > 0) return phase.max_rate;
  std::int64_t limit = INT64_MAX;
  for (const LinkUse& use : *phase.uses)
    limit = std::min(limit, workload_.links[use.link].capacity.n / use.connections);
  return {limit};
}

Bytes FoldedPlans::size_of(const Transfer& transfer) const {
  if (extra_.empty() || transfer.role >= family_of_role_.size()) return transfer.bytes;
  const auto at = extra_.find({family_of_role_[transfer.role], {transfer.kind, transfer.bytes}});
  return at == extra_.end() ? transfer.bytes : transfer.bytes + Bytes{at->second};
}

}  // namespace orrery::sim
