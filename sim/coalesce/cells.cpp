#include "sim/coalesce/cells.h"

#include <algorithm>
#include <map>

#include "sim/phase.h"

namespace orrery::sim {

namespace {

constexpr std::uint32_t kFew = 16;  // a role with a 16th of the collectives, as a step's last ones, is not worth it
constexpr std::uint32_t kNobody = UINT32_MAX, kSeveral = UINT32_MAX - 1;

}  // namespace

Cells::Cells(const Workload& workload, std::span<const FlatProgram> programs)
    : workload_(workload),
      programs_(programs),
      cell_of_(workload.ranks(), none()),
      ranks_of_(programs.size()),
      inside_(programs.size()),
      own_(programs.size()),
      others_(programs.size()),
      felt_(programs.size(), std::vector<bool>(workload.group_roles.size() + 2)) {
  list_ranks();
  for (std::uint32_t p = 0; p < programs.size(); ++p) choose_roles({p});
  if (cells_.empty()) return;
  for (std::uint32_t p = 0; p < programs.size(); ++p) list_transfers({p});
  own_links();
  meet_others();
  for (std::uint32_t p = 0; p < programs.size(); ++p) guard_streams({p});
  number_kinds();
}

void Cells::list_ranks() {
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) ranks_of_[workload_.program_of[RankId{r}]].push_back({r});
}

// The role of most collectives on the main stream, and others of many whose groups are the same.
void Cells::choose_roles(ProgramId program) {
  if (ranks_of_[program].empty() || programs_[program.value].streams.empty()) return;
  const FlatProgram& flat = programs_[program.value];
  std::vector<std::uint32_t> uses(workload_.group_roles.size());
  const auto count = [&](std::span<const Op> ops) {
    for (const Op& op : ops)
      if (op.kind == OpKind::collective && flat.program->transfer_of(op).role < uses.size())
        ++uses[flat.program->transfer_of(op).role];
  };
  count(flat.program->streams[kMainStream].ops);
  for (const Block& block : flat.program->blocks) count(block.ops);
  std::size_t chosen = uses.size();
  for (std::size_t role = 0; role < uses.size(); ++role)
    if (uses[role] > 0 && (chosen == uses.size() || uses[role] > uses[chosen]) && makes_cells(program, role))
      chosen = role;
  if (chosen == uses.size()) return;
  Inside& inside = inside_[program];
  inside.roles.resize(uses.size());
  for (std::size_t role = 0; role < uses.size(); ++role)
    inside.roles[role] = kFew * uses[role] > uses[chosen] && are_same_groups(program, chosen, role);
  make_cells(program, chosen);
  sort_streams(program);
}

bool Cells::makes_cells(ProgramId program, std::size_t role) const {
  for (const RankId rank : ranks_of_[program]) {
    const GroupId group = workload_.group_of(rank, role);
    if (group.is_none()) return false;
    for (const RankId member : workload_.groups[group].members)
      if (workload_.program_of[member] != program || workload_.group_of(member, role) != group) return false;
  }
  return true;
}

bool Cells::are_same_groups(ProgramId program, std::size_t role, std::size_t other) const {
  if (role == other) return true;
  for (const RankId rank : ranks_of_[program]) {
    const GroupId a = workload_.group_of(rank, role), b = workload_.group_of(rank, other);
    if (b.is_none() || workload_.groups[a].members != workload_.groups[b].members) return false;
  }
  return true;
}

void Cells::make_cells(ProgramId program, std::size_t role) {
  for (const RankId rank : ranks_of_[program]) {
    const GroupId group = workload_.group_of(rank, role);
    const RankId first = workload_.groups[group].members.front();
    if (cell_of_[first] == none()) {
      const auto cell = static_cast<std::uint32_t>(cells_.size());
      for (const RankId member : workload_.groups[group].members) cell_of_[member] = cell;
      cells_.push_back({program, group, 0, true});
    }
  }
}

void Cells::sort_streams(ProgramId program) {
  for (StreamIndex s = kMainStream + 1; s < programs_[program.value].stream_count(); ++s)
    if (is_inside(program, s)) inside_[program].streams.push_back(s);
}

bool Cells::is_inside(ProgramId program, StreamIndex stream) const {
  const FlatProgram& flat = programs_[program.value];
  bool any = false;
  for (const Op& op : flat.streams[stream].ops) {
    if (op.waits() && (op.after_stream != kMainStream || op.on_previous_step())) return false;
    if (is_local(op.kind)) continue;
    if (op.kind != OpKind::collective || !inside_[program].meets_in(flat.program->transfer_of(op))) return false;
    any = true;
  }
  const auto waits_here = [&](const Op& op) { return op.after_stream == stream; };
  for (StreamIndex s = kMainStream + 1; s < flat.stream_count(); ++s)
    if (s != stream && std::any_of(flat.streams[s].ops.begin(), flat.streams[s].ops.end(), waits_here)) return false;
  return any;
}

// Each transfer once for every kind of op that uses it.
void Cells::list_transfers(ProgramId program) {
  const FlatProgram& flat = programs_[program.value];
  const Inside& inside = inside_[program];
  std::vector<std::uint8_t> seen(flat.program->transfers.size());
  constexpr std::uint8_t kOwn = 1;  // no op kind's bit: that of a kernel
  for (StreamIndex s = 0; s < flat.stream_count(); ++s) {
    const bool is_side = s != kMainStream;
    const bool may_be_own =
        !is_side || std::find(inside.streams.begin(), inside.streams.end(), s) != inside.streams.end();
    for (const Op& op : flat.streams[s].ops) {
      if (!is_transfer(op.kind)) continue;
      const bool own = may_be_own && op.kind == OpKind::collective && inside.meets_in(flat.program->transfer_of(op));
      std::uint8_t& uses = seen[static_cast<std::size_t>(op.payload)];
      const auto use = own ? kOwn : static_cast<std::uint8_t>(1u << static_cast<unsigned>(op.kind));
      if ((uses & use) != 0) continue;
      uses |= use;
      own ? own_[program].push_back(static_cast<std::uint32_t>(op.payload)) : others_[program].push_back(op);
    }
  }
}

const TransferPlan& Cells::plan(std::uint32_t cell, const Transfer& transfer) const {
  const GroupId group = workload_.group_of(members(cell).front(), transfer.role);
  return workload_.planner->plan({transfer.kind, workload_.groups[group].members, transfer.bytes});
}

template <class See>
void Cells::each_own_use(std::uint32_t cell, const See& see) const {
  for (const TransferPlan* plan : plans_[cell])
    for (const Phase& phase : plan->phases)
      if (flows(phase))
        for (const LinkUse& use : *phase.uses) see(use);
}

void Cells::own_links() {
  owner_ = IdVector<LinkId, std::uint32_t>(workload_.links.size(), kNobody);
  for (std::uint32_t c = 0; c < cells_.size(); ++c) {
    std::vector<const TransferPlan*>& plans = plans_.emplace_back();
    const Program& program = *programs_[cells_[c].program.value].program;
    for (const std::uint32_t transfer : own_[cells_[c].program]) plans.push_back(&plan(c, program.transfers[transfer]));
    each_own_use(c, [&](const LinkUse& use) {
      std::uint32_t& owner = owner_[use.link];
      owner = owner == kNobody || owner == c ? c : kSeveral;
    });
  }
}

void Cells::meet_others() {
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r)
    for (const Op& op : others_[workload_.program_of[RankId{r}]]) meet({r}, op);
  for (std::uint32_t c = 0; c < cells_.size(); ++c)
    each_own_use(c, [&](const LinkUse& use) { cells_[c].owns_links &= owner_[use.link] == c; });
}

// A group speaks through its first member, a pair through its sender.
void Cells::meet(RankId rank, const Op& op) {
  const Transfer& transfer = programs_[workload_.program_of[rank].value].program->transfer_of(op);
  const std::size_t roles = workload_.group_roles.size();
  const TransferPlanner& planner = *workload_.planner;
  if (op.kind == OpKind::copy) {
    meet(planner.plan({transfer.kind, {&rank, 1}, transfer.bytes}), {&rank, 1}, roles + 1);
  } else if (op.kind == OpKind::send) {
    const RankId pair[] = {rank, workload_.peer_of(rank, transfer.role)};
    if (!pair[1].is_none()) meet(planner.plan({transfer.kind, pair, transfer.bytes}), pair, roles);
  } else if (op.kind == OpKind::collective) {
    const GroupId group = workload_.group_of(rank, transfer.role);
    if (group.is_none() || workload_.groups[group].members.front() != rank) return;
    const std::vector<RankId>& members = workload_.groups[group].members;
    meet(planner.plan({transfer.kind, members, transfer.bytes}), members, transfer.role);
  }
}

void Cells::meet(const TransferPlan& plan, std::span<const RankId> ranks, std::size_t way) {
  std::vector<std::uint32_t> cells;
  for (const RankId rank : ranks)
    if (cell_of_[rank] != none()) cells.push_back(cell_of_[rank]);
  std::sort(cells.begin(), cells.end());
  for (const Phase& phase : plan.phases) {
    if (!flows(phase)) continue;
    for (const LinkUse& use : *phase.uses) {
      std::uint32_t& owner = owner_[use.link];
      if (owner == kNobody || owner == kSeveral) continue;
      if (std::binary_search(cells.begin(), cells.end(), owner))
        felt_[cells_[owner].program][way] = true;
      else
        owner = kSeveral;
    }
  }
}

void Cells::guard_streams(ProgramId program) {
  Inside& inside = inside_[program];
  const FlatProgram& flat = programs_[program.value];
  const std::size_t roles = workload_.group_roles.size();
  const auto is_felt = [&](const Op& op) {
    if (is_local(op.kind)) return false;
    if (op.kind == OpKind::copy) return static_cast<bool>(felt_[program][roles + 1]);
    if (is_point_to_point(op.kind)) return static_cast<bool>(felt_[program][roles]);
    const std::size_t role = flat.program->transfer_of(op).role;
    // Of a group that is the cell itself, on a stream that is not inside.
    return role >= roles || felt_[program][role] || inside.meets_in(flat.program->transfer_of(op));
  };
  const auto is_pair = [](const Op& op) { return is_point_to_point(op.kind); };
  for (StreamIndex s = kMainStream + 1; s < flat.stream_count(); ++s) {
    if (std::find(inside.streams.begin(), inside.streams.end(), s) != inside.streams.end()) continue;
    const FlatStream& stream = flat.streams[s];
    if (!stream.feels_claims && std::none_of(stream.ops.begin(), stream.ops.end(), is_felt)) continue;
    inside.guarded.push_back(s);
    // It has a receive open nearly always: the cell would never be by itself.
    if (std::any_of(stream.ops.begin(), stream.ops.end(), is_pair)) inside.is_left_alone = false;
  }
}

void Cells::number_kinds() {
  std::map<std::vector<std::int64_t>, std::uint32_t> known;
  for (std::uint32_t c = 0; c < cells_.size(); ++c) {
    Inside& inside = inside_[cells_[c].program];
    cells_[c].has_stretches = cells_[c].owns_links && inside.is_left_alone;
    if (!cells_[c].has_stretches) continue;
    inside.has_stretches = true;
    const auto [it, is_new] = known.emplace(shape_of(c), kinds_);
    kinds_ += is_new;
    cells_[c].kind = it->second;
  }
}

// All that the course of its collectives depends on: links by number of appearance.
std::vector<std::int64_t> Cells::shape_of(std::uint32_t cell) const {
  std::vector<std::int64_t> shape;
  std::map<LinkId, std::int64_t> number;
  const ProgramId program = cells_[cell].program;
  for (std::size_t t = 0; t < plans_[cell].size(); ++t) {
    const TransferPlan* own = plans_[cell][t];
    const Transfer& transfer = programs_[program.value].program->transfers[own_[program][t]];
    shape.insert(shape.end(), {static_cast<std::int64_t>(transfer.kind), transfer.role, transfer.bytes.n, own->claim,
                               static_cast<std::int64_t>(own->phases.size())});
    for (const Phase& phase : own->phases) {
      const auto uses = static_cast<std::int64_t>(flows(phase) ? phase.uses->size() : 0);
      shape.insert(shape.end(), {phase.latency.count_ps(), phase.bytes.n, phase.max_rate.n, uses});
      for (std::int64_t i = 0; i < uses; ++i) {
        const LinkUse& use = (*phase.uses)[static_cast<std::size_t>(i)];
        const std::int64_t link = number.emplace(use.link, static_cast<std::int64_t>(number.size())).first->second;
        shape.insert(shape.end(), {link, use.connections, workload_.links[use.link].capacity.n});
      }
    }
  }
  return shape;
}

}  // namespace orrery::sim
