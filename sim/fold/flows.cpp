#include "sim/fold/flows.h"

#include <algorithm>
#include <utility>

#include "sim/fold/hash.h"

namespace orrery::sim {

namespace {

template <class T>
void add_once(std::vector<T>& to, const T& item) {
  if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

void add_once(std::vector<ProgramMeets::InRole>& to, std::uint16_t role, const Wanted& wanted) {
  auto at = std::find_if(to.begin(), to.end(), [role](const auto& r) { return r.role == role; });
  if (at == to.end()) at = to.insert(to.end(), {role, {}});
  add_once(at->wanted, wanted);
}

void add_once(ProgramMeets& meets, OpKind kind, const Transfer& transfer) {
  const Wanted wanted{transfer.kind, transfer.bytes};
  switch (kind) {
    case OpKind::collective:
      return add_once(meets.collectives, transfer.role, wanted);
    case OpKind::send:
      return add_once(meets.sends, transfer.role, wanted);
    case OpKind::receive:
      return add_once(meets.receives, PeerRole{transfer.role});
    case OpKind::copy:
      return add_once(meets.copies, wanted);
    default:
      return;
  }
}

// A transfer is used thousands of times: each use as one kind of op counts once.
TransferUses uses_of(const Program& program) {
  TransferUses uses;
  std::vector<std::uint8_t> seen(program.transfers.size(), 0);
  each_op(program, [&](const Op& op) {
    if (!is_transfer(op.kind)) return;
    const auto transfer = static_cast<std::uint32_t>(op.payload);
    const auto bit = static_cast<std::uint8_t>(1u << static_cast<unsigned>(op.kind));
    if (seen[transfer] & bit) return;
    seen[transfer] |= bit;
    uses.emplace_back(op.kind, transfer);
  });
  return uses;
}

}  // namespace

IdVector<ProgramId, TransferUses> uses_of_programs(const Workload& workload) {
  IdVector<ProgramId, TransferUses> all;
  for (const Program& program : workload.programs) all.add(uses_of(program));
  return all;
}

IdVector<ProgramId, ProgramMeets> meets_of_programs(const Workload& workload,
                                                    const IdVector<ProgramId, TransferUses>& uses) {
  IdVector<ProgramId, ProgramMeets> all(workload.programs.size());
  for (ProgramId p{0}; p.value < all.size(); ++p.value)
    for (const auto& [kind, transfer] : uses[p]) add_once(all[p], kind, workload.programs[p].transfers[transfer]);
  return all;
}

std::vector<Wanted> wanted_of(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets, GroupId group) {
  std::vector<Wanted> all;
  const RankId first = workload.groups[group].members.front();
  for (const ProgramMeets::InRole& in : meets[workload.program_of[first]].collectives) {
    if (workload.group_roles[in.role].group_of[first] != group) continue;
    for (const Wanted& wanted : in.wanted) add_once(all, wanted);
  }
  return all;
}

FlowTable::FlowTable(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets_by_program)
    : workload_(workload),
      drafting_(dynamic_cast<const DraftingPlanner*>(workload.planner.get())),
      meets_(meets_by_program) {
  const std::size_t usual = workload.groups.size() + 2 * workload.ranks();
  signatures_.reserve(usual);
  likenesses_.reserve(usual);
  first_use_.reserve(usual + 1);
  uses_.reserve(8 * usual);
  first_wire_.reserve(usual + 1);
  first_entity_.reserve(workload.ranks());
  first_wire_.push_back(0);
  first_use_.push_back(0);
  add_groups();
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) add_rank({r});
}

void FlowTable::add_groups() {
  for (std::uint32_t g = 0; g < workload_.groups.size(); ++g)
    add_entity(wanted_of(workload_, meets_, {g}), workload_.groups[{g}].members, asker_of({g}));
}

// The first member's program, by the roles that the group plays for it.
std::uint64_t FlowTable::asker_of(GroupId group) const {
  const RankId first = workload_.groups[group].members.front();
  std::uint64_t asker = hash_pair(workload_.program_of[first].value, 1);
  for (const ProgramMeets::InRole& in : meets(first).collectives)
    if (workload_.group_roles[in.role].group_of[first] == group) asker = hash_pair(asker, in.role);
  return asker;
}

void FlowTable::add_rank(RankId rank) {
  first_entity_.add(static_cast<std::uint32_t>(entities()));
  const ProgramMeets& all = meets(rank);
  for (const ProgramMeets::InRole& in : all.sends) {
    const RankId pair[] = {rank, workload_.peer_roles[in.role].peer_of[rank]};
    add_entity(in.wanted, pair, hash_pair(workload_.program_of[rank].value, in.role));
  }
  if (!all.copies.empty()) add_entity(all.copies, {&rank, 1}, workload_.program_of[rank].value);
}

void FlowTable::add_entity(const std::vector<Wanted>& wanted, std::span<const RankId> ranks, std::uint64_t asker) {
  known_.clear();
  std::uint64_t signature = 0, likeness = 0;
  if (drafting_ != nullptr) {
    const std::span<const Draft> plans = drafting_->drafts(ranks, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) signature = add_plan(signature, wanted[i], plans[i]);
    likeness = drafting_->likeness();
  } else {
    for (const Wanted& w : wanted)
      signature = add_plan(signature, w, draft_of(workload_.planner->plan({w.kind, ranks, w.bytes})));
  }
  signatures_.push_back(wanted.empty() ? 0 : signature | 1);
  likenesses_.push_back(likeness == 0 ? 0 : hash_pair(likeness, asker) | 1);
  first_wire_.push_back(static_cast<std::uint32_t>(wires()));
}

Draft FlowTable::draft_of(const TransferPlan& plan) {
  phases_.clear();
  for (const Phase& phase : plan.phases)
    phases_.push_back({phase.latency, phase.bytes, phase.max_rate,
                       phase.uses ? std::span<const LinkUse>(*phase.uses) : std::span<const LinkUse>()});
  return {phases_, plan.claim, plan.algorithm};
}

std::uint64_t FlowTable::add_plan(std::uint64_t signature, const Wanted& wanted, const Draft& plan) {
  signature =
      hash_pair(signature ^ static_cast<std::uint64_t>(wanted.kind), static_cast<std::uint64_t>(wanted.bytes.n));
  return hash_pair(signature, signature_of(plan));
}

std::uint64_t FlowTable::signature_of(const Draft& plan) {
  std::uint64_t all = hash_pair(std::uint64_t{plan.algorithm} << 8 | plan.claim, plan.phases.size());
  for (const Draft::Phase& phase : plan.phases) {
    const std::uint32_t wire = phase.uses.empty() ? UINT32_MAX : find_or_add_wire(phase.uses) - first_wire_.back();
    const std::uint64_t times =
        hash_pair(static_cast<std::uint64_t>(phase.latency.count_ps()), static_cast<std::uint64_t>(phase.bytes.n));
    all = hash_pair(all ^ times, hash_pair(static_cast<std::uint64_t>(phase.max_rate.n), wire));
  }
  return all;
}

// Among the wires of the entity that is being added. Planners share uses where
// they can, so pointers decide mostly.
std::uint32_t FlowTable::find_or_add_wire(std::span<const LinkUse> uses) {
  for (std::uint32_t k = 0; k < known_.size(); ++k) {
    const bool is_same = known_[k].data() == uses.data() && known_[k].size() == uses.size();
    if (is_same || std::ranges::equal(known_[k], uses)) return first_wire_.back() + k;
  }
  known_.push_back(uses);
  uses_.insert(uses_.end(), uses.begin(), uses.end());
  first_use_.push_back(static_cast<std::uint32_t>(uses_.size()));
  return static_cast<std::uint32_t>(wires() - 1);
}

}  // namespace orrery::sim
