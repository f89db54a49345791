// Why a folded run is the full run.
//
// Refinement ends with classes of ranks, entities (groups, senders with their
// peer, ranks that copy), wires (what a phase of an entity's transfers loads) and
// links such that any two members of a class
//   (a) run the same program, and over each role meet entities and peers of the same class;
//   (b) have plans of the same latencies, bytes, limits and claims, phase by phase;
//   (c) as wires, cross equally many links of each link class with equally many
//       connections; as links, have the same capacity and are crossed by equally many
//       wires of each wire class with equally many connections: an equitable partition.
//
// Claim: at any time all ranks of a class are in the same state, and so are all
// transfers of an entity class. By induction over the instants at which anything
// happens. At the start it is true. What a rank does next depends on its program,
// on its own streams, and on who has arrived at its groups and peers, which by (a)
// are in the same state too; the claims that slow its kernels come from its own
// transfers, by (b) the same ones. Rates are a function of the links and of the
// transfers in progress. They are unique and do not depend on the order of
// anything (fair_share.h), so a permutation of equal members would leave them as
// they are, and by (c) progressive filling treats all links of a class alike: in
// each round what is left of them, and the connections that still grow on them, are
// the same integers. So rates are constant on classes, completion times are too,
// and the claim holds at the next instant.
//
// The folded workload has one rank, entity and link for each class. A folded
// transfer stands for all of its class: on a folded link it has as many connections
// as all transfers of the class have together on one link of the class. Then each
// round of progressive filling computes with the very same integers as in the full
// network, so rates are equal to the last bit, not only in the limit. The same holds
// for the sums that decide whether a link can be full, because a folded phase says
// the limit of one member (FoldedPlans::limit_of).
//
// In a group that folds to fewer members, all members of a class arrive at the same
// instant, so one stands for all. Sends are one to one: where a class would send to
// itself, or over two roles to different ranks of one class, a queue of the folded
// run would mix messages that the full run keeps apart. Such ranks are split by their
// place in the group that they share with the peer, and refined again.

#include "sim/fold/fold.h"

#include <algorithm>
#include <utility>

#include "sim/check/parts.h"
#include "sim/fold/flows.h"
#include "sim/fold/memory.h"
#include "sim/fold/pattern.h"
#include "sim/fold/plans.h"
#include "sim/fold/quotient.h"
#include "sim/fold/refine.h"

namespace orrery::sim {

namespace {

Folded unfolded(const Workload& workload) {
  Folded same;
  same.workload = workload;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    same.class_of.add({r});
    same.representative.add({r});
  }
  IdVector<LinkId, LinkId> link_class_of;
  for (std::uint32_t l = 0; l < workload.links.size(); ++l) link_class_of.add({l});
  same.link_classes = std::make_shared<LinkClasses>(link_class_of, workload.links.size());
  same.link_multiplicity.assign(workload.links.size(), 1);
  return same;
}

// The tables can be followed without falling off their ends.
bool tables_are_sound(const Workload& workload) {
  Faults faults;
  check_tables(workload, faults);
  return faults.none();
}

bool programs_are_sound(const Workload& workload) {
  Faults faults;
  check_programs(workload, faults);
  return faults.none();
}

bool has_groups(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets) {
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    for (const ProgramMeets::InRole& in : meets[workload.program_of[{r}]].collectives) {
      if (workload.group_roles[in.role].group_of[RankId{r}].is_none()) return false;
    }
  }
  return true;
}

// Whoever is sent to receives from the sender, and the other way round. A
// sender whom nobody hears would vanish in the folded workload.
bool peers_are_mutual(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets) {
  const auto peer = [&](RankId rank, PeerRole role) { return workload.peer_roles[role].peer_of[rank]; };
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const RankId rank{r};
    const ProgramMeets& mine = meets[workload.program_of[rank]];
    for (const ProgramMeets::InRole& in : mine.sends) {
      const RankId to = peer(rank, in.role);
      if (to.is_none() || to == rank) return false;
      const auto& theirs = meets[workload.program_of[to]].receives;
      if (std::none_of(theirs.begin(), theirs.end(), [&](PeerRole q) { return peer(to, q) == rank; })) return false;
    }
    for (const PeerRole role : mine.receives) {
      const RankId from = peer(rank, role);
      if (from.is_none() || from == rank) return false;
      const auto& theirs = meets[workload.program_of[from]].sends;
      if (std::none_of(theirs.begin(), theirs.end(), [&](const auto& in) { return peer(from, in.role) == rank; }))
        return false;
    }
  }
  return true;
}

// Finds classes whose messages a folded run would mix, and splits them.
class PeerSplitter {
 public:
  PeerSplitter(const Workload& workload, const FlowTable& flows, Refinement& classes)
      : workload_(workload), flows_(flows), classes_(classes) {}

  // Whether anything had to be split. `by_place` splits by the place in a group; the
  // second time, when that has not helped, every rank for itself.
  bool split(bool by_place) {
    std::vector<bool> seen(classes_.ranks().count(), false);
    bool any = false;
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
      const std::uint32_t of = class_of({r});
      const RankId peer = seen[of] ? RankId::none() : mixed_peer({r});
      if (peer.is_none()) continue;
      seen[of] = any = true;
      split_class(of, by_place ? common_role({r}, peer) : nullptr);
    }
    return any;
  }

 private:
  std::uint32_t class_of(RankId rank) const { return classes_.ranks().of[rank.value]; }

  // A peer of the rank's own class, or of the class of another peer on the same side.
  RankId mixed_peer(RankId rank) {
    const ProgramMeets& meets = flows_.meets(rank);
    roles_.clear();
    for (const ProgramMeets::InRole& in : meets.sends) roles_.push_back(in.role);
    const RankId sent_to = mixed_among(rank);
    if (!sent_to.is_none()) return sent_to;
    roles_ = meets.receives;
    return mixed_among(rank);
  }

  RankId mixed_among(RankId rank) const {
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      const RankId peer = peer_of(rank, roles_[i]);
      if (class_of(peer) == class_of(rank)) return peer;
      for (std::size_t j = 0; j < i; ++j) {
        const RankId other = peer_of(rank, roles_[j]);
        if (other != peer && class_of(other) == class_of(peer)) return peer;
      }
    }
    return RankId::none();
  }

  RankId peer_of(RankId rank, PeerRole role) const { return workload_.peer_roles[role].peer_of[rank]; }

  const GroupRoleInfo* common_role(RankId a, RankId b) const {
    for (const GroupRoleInfo& role : workload_.group_roles) {
      if (!role.group_of[a].is_none() && role.group_of[a] == role.group_of[b]) return &role;
    }
    return nullptr;
  }

  void split_class(std::uint32_t of, const GroupRoleInfo* role) {
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
      if (class_of({r}) == of) classes_.split({r}, role ? place({r}, *role) : r);
    }
  }

  std::uint64_t place(RankId rank, const GroupRoleInfo& role) const {
    const GroupId group = role.group_of[rank];
    if (group.is_none()) return UINT64_MAX - 1;
    const auto& members = workload_.groups[group].members;
    return static_cast<std::uint64_t>(std::find(members.begin(), members.end(), rank) - members.begin());
  }

  const Workload& workload_;
  const FlowTable& flows_;
  Refinement& classes_;
  std::vector<PeerRole> roles_;
};

bool refine(const Workload& workload, const FlowTable& flows, Refinement& classes) {
  // Each pass splits at least one class in two, and after the first ranks are split
  // off one by one, so few are needed.
  constexpr int kMostPasses = 20;
  for (int pass = 0; pass < kMostPasses; ++pass) {
    if (!classes.run()) return false;
    if (!PeerSplitter(workload, flows, classes).split(pass == 0)) return true;
  }
  return false;
}

// Entities of a class are alike in other sizes too.
bool hangs_on_no_size(const FlowTable& flows, const Refinement& classes) {
  const Classes& entities = classes.entities();
  for (std::uint32_t e = 0; e < flows.entities(); ++e) {
    if (entities.of[e] == Classes::kNone) continue;
    const std::uint32_t first = entities.first[entities.of[e]];
    if (flows.likeness(e) == 0 || flows.likeness(e) != flows.likeness(first)) return false;
  }
  return true;
}

}  // namespace

// Where folding finds nothing that it can rely on it leaves the workload as it
// is, which is always right: what is wrong with it is for check() to say.
Folded fold(const Workload& workload, FoldMemory* memory) {
  if (memory != nullptr)
    if (std::optional<Folded> folded = memory->fold(workload)) return std::move(*folded);
  if (!programs_are_sound(workload)) return unfolded(workload);
  const auto uses = uses_of_programs(workload);
  const auto meets = meets_of_programs(workload, uses);
  if (memory != nullptr)
    if (std::optional<Folded> folded = memory->fold(workload, uses, meets)) return std::move(*folded);
  if (!tables_are_sound(workload) || !has_groups(workload, meets) || !peers_are_mutual(workload, meets))
    return unfolded(workload);
  const FlowTable flows(workload, meets);
  Refinement classes(workload, flows);
  if (!refine(workload, flows, classes)) return unfolded(workload);
  Pattern pattern = pattern_of(workload, flows, classes);
  const std::optional<FlowPlans> plans = FlowPlans::ask(workload, meets, pattern);
  std::optional<Folded> folded = plans ? quotient(workload, pattern, *plans) : std::nullopt;
  if (!folded) return unfolded(workload);
  if (memory != nullptr && hangs_on_no_size(flows, classes))
    memory->keep(workload, uses, meets, std::move(pattern), *plans, *folded);
  return std::move(*folded);
}

RunResult unfold(const Folded& folded, const Workload& full, const RunResult& result) {
  RunResult all;
  all.step_ends = result.step_ends;
  all.events = result.events;
  all.interrupted = result.interrupted;
  all.stuck = result.stuck;
  all.ranks = RankSummaries(result.ranks, folded.class_of);
  all.digest = combine_digests(all.ranks, all.step_ends);
  all.links = LinkLoads(result.links, folded.link_classes);
  // A run that ended early has not counted them by rank; then the classes' stand.
  all.ops = result.ops;
  if (result.interrupted || result.stuck) return all;
  all.ops = full.op_count();
  return all;
}

}  // namespace orrery::sim
