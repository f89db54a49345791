#include "sim/coalesce/solo/solo_collectives.h"

#include <algorithm>

#include "sim/coalesce/solo/used_transfers.h"
#include "sim/coalesce/windows.h"
#include "sim/phase.h"

namespace orrery::sim {

namespace {

constexpr std::uint32_t kNobody = UINT32_MAX, kSeveral = UINT32_MAX - 1;
constexpr Duration kMeetsOthers = Duration::ps(-1);

bool overlap(const std::vector<LinkId>& a, const std::vector<LinkId>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return true;
    *i < *j ? ++i : ++j;
  }
  return false;
}

bool has_collectives(const std::vector<Op>& ops) {
  return std::ranges::any_of(ops, [](const Op& op) { return op.kind == OpKind::collective; });
}

// And calls, which may have some.
std::vector<OpIndex> collectives_of(std::span<const Op> ops) {
  std::vector<OpIndex> collectives;
  for (OpIndex i = 0; i < ops.size(); ++i)
    if (ops[i].kind == OpKind::collective || ops[i].kind == OpKind::call) collectives.push_back(i);
  return collectives;
}

}  // namespace

SoloCollectives::Uses SoloCollectives::uses_of(const Workload& workload) {
  Uses uses;
  UsedTransfers used;
  for (const Program& program : workload.programs) uses.add(used.of(program));
  return uses;
}

SoloCollectives::SoloCollectives(const Workload& workload, const Speeds& speeds, const FlowNet& network, Uses uses)
    : workload_(workload), speeds_(speeds), network_(network), uses_(std::move(uses)), solo_(workload.programs.size()) {
  if (!any_candidates()) return;
  find_owners();
  IdVector<ProgramId, std::vector<RankId>> ranks_of(workload.programs.size());
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) ranks_of[workload.program_of[RankId{r}]].push_back({r});
  for (std::uint32_t p = 0; p < workload.programs.size(); ++p)
    if (!ranks_of[{p}].empty()) find({p}, ranks_of[{p}]);
}

bool SoloCollectives::any_candidates() const {
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r)
    for (const Op& op : uses_[workload_.program_of[RankId{r}]]->transfers)
      if (is_alone_in({r}, op)) return true;
  return false;
}

// Whose collectives load each link, if it is one rank's and nothing else does.
void SoloCollectives::find_owners() {
  owner_ = IdVector<LinkId, std::uint32_t>(workload_.links.size(), kNobody);
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    for (const Op& op : uses_[workload_.program_of[RankId{r}]]->transfers) {
      const TransferPlan* plan = plan_of({r}, op);
      if (plan == nullptr) continue;
      for (const Phase& phase : plan->phases)
        if (flows(phase)) own(*phase.uses, {r}, !is_alone_in({r}, op));
    }
  }
}

void SoloCollectives::own(const LinkUses& uses, RankId rank, bool shares) {
  for (const LinkUse& use : uses) {
    std::uint32_t& owner = owner_[use.link];
    const bool is_free = owner == kNobody || owner == rank.value;
    owner = shares || !is_free ? kSeveral : rank.value;
  }
}

bool SoloCollectives::is_alone_in(RankId rank, const Op& op) const {
  if (op.kind != OpKind::collective) return false;
  const Program& program = workload_.programs[workload_.program_of[rank]];
  const GroupId group = workload_.group_of(rank, program.transfer_of(op).role);
  return !group.is_none() && workload_.groups[group].members.size() == 1;
}

// Null for what has no group or peer, and for receives: their senders speak for them.
const TransferPlan* SoloCollectives::plan_of(RankId rank, const Op& op) const {
  const Transfer& transfer = workload_.programs[workload_.program_of[rank]].transfer_of(op);
  if (op.kind == OpKind::copy) return &workload_.planner->plan({transfer.kind, {&rank, 1}, transfer.bytes});
  if (op.kind == OpKind::send) {
    const RankId pair[] = {rank, workload_.peer_of(rank, transfer.role)};
    return pair[1].is_none() ? nullptr : &workload_.planner->plan({transfer.kind, pair, transfer.bytes});
  }
  const GroupId group = op.kind == OpKind::collective ? workload_.group_of(rank, transfer.role) : GroupId::none();
  if (group.is_none()) return nullptr;
  return &workload_.planner->plan({transfer.kind, workload_.groups[group].members, transfer.bytes});
}

// All ranks of the program must agree, for they share its stream.
void SoloCollectives::find(ProgramId program, std::span<const RankId> ranks) {
  const std::vector<Alone> alone = transfers_alone(ranks.front());
  if (std::all_of(alone.begin(), alone.end(), [](const Alone& a) { return a.plan == nullptr; })) return;
  if (!all_agree(alone, ranks.subspan(1))) return;
  Solo& solo = solo_[program];
  const std::span<const Op> main = workload_.programs[program].streams[kMainStream].ops;
  solo.met = met(workload_.programs[program], alone);
  for (std::size_t i = 0; i < solo.met.size(); ++i)
    if (solo.met[i] && main[i].kind == OpKind::call) solo.in_calls = false;
  for (std::size_t t = 0; t < alone.size(); ++t)
    if (uses_[program]->in_blocks[t] && alone[t].plan == nullptr) solo.in_calls = false;
  for (const Alone& a : alone) solo.times.push_back(a.plan ? a.time : kMeetsOthers);
  const std::vector<std::int64_t> uses = count(program);
  for (const RankId rank : ranks) add_loads_of(rank, uses);
}

// How many collectives of each transfer the main stream has that are kernels.
std::vector<std::int64_t> SoloCollectives::count(ProgramId program) const {
  const std::span<const Op> main = workload_.programs[program].streams[kMainStream].ops;
  const Solo& solo = solo_[program];
  std::vector<std::int64_t> uses(solo.times.size());
  if (solo.in_calls) uses = uses_[program]->called;
  for (const OpIndex i : uses_[program]->collectives) {
    const auto transfer = static_cast<std::size_t>(main[i].payload);
    if ((solo.met.empty() || !solo.met[i]) && solo.times[transfer] >= Duration()) ++uses[transfer];
  }
  return uses;
}

bool SoloCollectives::all_agree(const std::vector<Alone>& alone, std::span<const RankId> others) const {
  if (others.empty()) return true;
  const std::vector<std::int64_t> pattern = pattern_of(alone);
  return std::ranges::all_of(others, [&](RankId rank) { return pattern_of(transfers_alone(rank)) == pattern; });
}

// What find() depends on: how long each transfer takes alone, and which of them share links.
std::vector<std::int64_t> SoloCollectives::pattern_of(const std::vector<Alone>& alone) {
  std::vector<std::int64_t> pattern;
  for (const Alone& a : alone) {
    pattern.push_back((a.plan == nullptr ? kMeetsOthers : a.time).count_ps());
    for (const Alone& b : alone) pattern.push_back(overlap(a.links, b.links));
  }
  return pattern;
}

// By transfer: the collectives of the rank that only its own other ones could meet.
std::vector<SoloCollectives::Alone> SoloCollectives::transfers_alone(RankId rank) const {
  const Program& program = workload_.programs[workload_.program_of[rank]];
  const bool others_feel = std::any_of(program.streams.begin() + 1, program.streams.end(), [&](const Stream& side) {
    return std::any_of(side.ops.begin(), side.ops.end(), [&](const Op& op) {
      return op.kind == OpKind::kernel && speeds_.is_felt_by(op.kernel_class());
    });
  });
  std::vector<Alone> all(program.transfers.size());
  for (const Op& op : uses_[workload_.program_of[rank]]->transfers) {
    if (!is_alone_in(rank, op)) continue;
    const TransferPlan* plan = plan_of(rank, op);
    Alone& own = all[static_cast<std::size_t>(op.payload)];
    own = alone(*plan, rank);
    if (others_feel && speeds_.slows(plan->claim)) own.plan = nullptr;
  }
  return all;
}

// Its links count for others even where it is not alone itself.
SoloCollectives::Alone SoloCollectives::alone(const TransferPlan& plan, RankId rank) const {
  constexpr Duration kLongest = Duration::ps(std::int64_t{1} << 60);
  Alone own;
  own.plan = &plan;
  for (const Phase& phase : plan.phases) {
    const Duration time = flows(phase) ? network_.time_alone(phase) : own_time(phase);
    if (time < kLongest && own.time < kLongest)
      own.time += phase.latency + time;
    else
      own.plan = nullptr;
    if (!flows(phase)) continue;
    for (const LinkUse& use : *phase.uses) {
      if (owner_[use.link] != rank.value) own.plan = nullptr;
      own.links.push_back(use.link);
    }
  }
  std::sort(own.links.begin(), own.links.end());
  return own;
}

// By op of the main stream: whether a collective of another stream may be on its links; empty if that is nowhere so.
std::vector<char> SoloCollectives::met(const Program& program, const std::vector<Alone>& alone) const {
  const std::vector<Op>& main = program.streams[kMainStream].ops;
  if (std::none_of(program.streams.begin() + 1, program.streams.end(),
                   [](const Stream& side) { return has_collectives(side.ops); }))
    return {};
  // Of each transfer on side streams: where the main stream comes to a window, and leaves it.
  std::vector<std::vector<std::int64_t>> opens(alone.size()), closes(alone.size());
  const std::vector<std::vector<OpIndex>> waits = waits_of_main(program);
  for (std::size_t s = 1; s < program.streams.size(); ++s) {
    const std::vector<Op>& ops = program.streams[s].ops;
    if (!has_collectives(ops)) continue;
    const std::vector<Window> windows = windows_of(program, static_cast<StreamIndex>(s), waits[s]);
    for (OpIndex k = 0; k < ops.size(); ++k) {
      if (ops[k].kind != OpKind::collective || windows[k].after + 1 >= windows[k].before) continue;
      opens[static_cast<std::size_t>(ops[k].payload)].push_back(windows[k].after + 1);
      closes[static_cast<std::size_t>(ops[k].payload)].push_back(windows[k].before);
    }
  }
  const auto may_meet = [&](std::size_t t) { return !opens[t].empty() && !alone[t].links.empty(); };
  std::vector<OpIndex> collectives;
  for (std::size_t t = 0; t < alone.size() && collectives.empty(); ++t)
    if (may_meet(t)) collectives = collectives_of(main);
  if (collectives.empty()) return {};
  std::vector<char> meets(main.size(), 0);
  for (std::size_t t = 0; t < alone.size(); ++t) {
    if (!may_meet(t)) continue;
    std::sort(opens[t].begin(), opens[t].end());
    std::sort(closes[t].begin(), closes[t].end());
    std::vector<bool> shares(alone.size());
    for (std::size_t other = 0; other < alone.size(); ++other)
      shares[other] = overlap(alone[t].links, alone[other].links);
    std::size_t opened = 0, closed = 0;
    for (const OpIndex i : collectives) {
      while (opened < opens[t].size() && opens[t][opened] <= i) ++opened;
      while (closed < closes[t].size() && closes[t][closed] <= i) ++closed;
      if (opened <= closed) continue;
      const std::span<const Op> there =
          main[i].kind == OpKind::call ? std::span(program.block_of(main[i]).ops) : std::span(main).subspan(i, 1);
      meets[i] |= std::any_of(there.begin(), there.end(), [&](const Op& op) {
        return op.kind == OpKind::collective && shares[static_cast<std::size_t>(op.payload)];
      });
    }
  }
  return meets;
}

void SoloCollectives::add_loads_of(RankId rank, const std::vector<std::int64_t>& uses) {
  Op op;
  op.kind = OpKind::collective;
  for (std::size_t t = 0; t < uses.size(); ++t) {
    if (uses[t] == 0) continue;
    op.payload = static_cast<std::int64_t>(t);
    for (const Phase& phase : plan_of(rank, op)->phases) {
      if (!flows(phase)) continue;
      const Duration busy = network_.time_alone(phase);
      for (const LinkUse& use : *phase.uses)
        loads_.push_back({use.link, phase.bytes * use.connections * uses[t], busy * uses[t]});
    }
  }
}

void SoloCollectives::add_loads(RunResult& result) const {
  for (const Load& load : loads_) {
    LinkLoad& of = result.links.own(load.link);
    of.bytes += load.bytes;
    of.busy += load.busy;
  }
}

}  // namespace orrery::sim
