#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/fold/planner.h"
#include "sim/workload.h"

namespace orrery::sim {

// What a program says about others, each thing once.
struct ProgramMeets {
  struct InRole {
    std::uint16_t role = 0;
    std::vector<Wanted> wanted;
  };
  std::vector<InRole> collectives;  // by group role
  std::vector<InRole> sends;        // by peer role
  std::vector<PeerRole> receives;
  std::vector<Wanted> copies;
};

// The transfers of a program, each with every kind of op that it is used in, in the order of their first uses.
using TransferUses = std::vector<std::pair<OpKind, std::uint32_t>>;

IdVector<ProgramId, TransferUses> uses_of_programs(const Workload& workload);
// `uses`: those of the workload's programs, or of programs that are alike (alike.h).
IdVector<ProgramId, ProgramMeets> meets_of_programs(const Workload& workload,
                                                    const IdVector<ProgramId, TransferUses>& uses);

// What is asked of a group, over all roles that it plays: its first member speaks for all. They agree, or check() has
// found out.
std::vector<Wanted> wanted_of(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets, GroupId group);

// Who transfers together: a group, a sender and its peer, or a rank that copies.
// Its wires are the distinct sets of links that its transfers load: transfers of
// other sizes, and other phases, mostly load the same.
//
// Entities are numbered: first the groups, in their order; then rank by rank its
// sends by role, in the order of ProgramMeets, and its copies.
class FlowTable {
 public:
  // `meets`: those of the workload's programs. Both must outlive it.
  FlowTable(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets);

  std::size_t entities() const { return signatures_.size(); }
  const ProgramMeets& meets(RankId rank) const { return meets_[workload_.program_of[rank]]; }
  std::uint32_t first_entity(RankId rank) const { return first_entity_[rank]; }

  // Equal for entities whose plans are equal but for the links they load.
  std::uint64_t signature(std::uint32_t entity) const { return signatures_[entity]; }
  // Equal for entities of which the same is asked by the same programs, and whose plans for that will differ in nothing
  // but their links whatever its sizes (DraftingPlanner::likeness); 0 where that is not known.
  std::uint64_t likeness(std::uint32_t entity) const { return likenesses_[entity]; }
  // No program asks anything of it.
  bool unused(std::uint32_t entity) const { return signatures_[entity] == 0; }

  std::uint32_t first_wire(std::uint32_t entity) const { return first_wire_[entity]; }
  std::span<const LinkUse> uses(std::uint32_t wire) const {
    return std::span(uses_).subspan(first_use_[wire], first_use_[wire + 1] - first_use_[wire]);
  }
  std::size_t wires() const { return first_use_.size() - 1; }

 private:
  void add_groups();
  void add_rank(RankId rank);
  // `asker`: who asks for that.
  void add_entity(const std::vector<Wanted>& wanted, std::span<const RankId> ranks, std::uint64_t asker);
  std::uint64_t asker_of(GroupId group) const;
  Draft draft_of(const TransferPlan& plan);
  std::uint64_t add_plan(std::uint64_t signature, const Wanted& wanted, const Draft& plan);
  std::uint64_t signature_of(const Draft& plan);
  std::uint32_t find_or_add_wire(std::span<const LinkUse> uses);

  const Workload& workload_;
  const DraftingPlanner* drafting_;  // null: the planner keeps its plans
  const IdVector<ProgramId, ProgramMeets>& meets_;
  IdVector<RankId, std::uint32_t> first_entity_;
  std::vector<std::uint64_t> signatures_, likenesses_;
  std::vector<std::uint32_t> first_wire_;  // by entity, with a fence behind the last
  std::vector<std::uint32_t> first_use_;   // by wire, with a fence behind the last
  std::vector<LinkUse> uses_;
  std::vector<std::span<const LinkUse>> known_;  // scratch: wires of the entity that is being added
  std::vector<Draft::Phase> phases_;             // scratch: of the plan that is looked at
};

}  // namespace orrery::sim
