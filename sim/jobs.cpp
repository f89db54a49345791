#include "sim/jobs.h"

#include <algorithm>

#include "sim/joint_planner.h"

namespace orrery::sim {
namespace {

// Where a job's ids begin in the whole.
struct Bases {
  std::uint32_t rank = 0, program = 0, group = 0;
  std::size_t group_role = 0, peer_role = 0;
};

void add_programs(const PlacedJob& job, const Bases& base, Workload& whole) {
  for (const Program& program : job.workload->programs) {
    Program copy = repeated(program, job.repeats);
    if (!job.name.empty()) copy.name = job.name + (copy.name.empty() ? "" : ": " + copy.name);
    for (Transfer& transfer : copy.transfers) {
      const bool pair = transfer.kind == TransferKind::point_to_point;
      if (!is_copy(transfer.kind))
        transfer.role = static_cast<std::uint16_t>(transfer.role + (pair ? base.peer_role : base.group_role));
    }
    whole.programs.add(std::move(copy));
  }
  for (const ProgramId program : job.workload->program_of) whole.program_of.add({base.program + program.value});
}

void add_groups(const PlacedJob& job, const Bases& base, Workload& whole) {
  for (Group group : job.workload->groups) {
    for (RankId& member : group.members) member.value += base.rank;
    whole.groups.add(std::move(group));
  }
}

// Jobs have roles of their own: whether one crosses the pipeline differs between them.
void add_roles(const PlacedJob& job, const Bases& base, std::size_t ranks, Workload& whole) {
  for (const GroupRoleInfo& role : job.workload->group_roles) {
    GroupRoleInfo info{role.name, IdVector<RankId, GroupId>(ranks, GroupId::none()), role.crosses_pipeline};
    for (std::uint32_t r = 0; r < role.group_of.size(); ++r)
      if (const GroupId group = role.group_of[{r}]; !group.is_none())
        info.group_of[{base.rank + r}] = {base.group + group.value};
    whole.group_roles.edit().push_back(std::move(info));
  }
  for (const PeerRoleInfo& role : job.workload->peer_roles) {
    PeerRoleInfo info{role.name, IdVector<RankId, RankId>(ranks, RankId::none())};
    for (std::uint32_t r = 0; r < role.peer_of.size(); ++r)
      if (const RankId peer = role.peer_of[{r}]; !peer.is_none())
        info.peer_of[{base.rank + r}] = {base.rank + peer.value};
    whole.peer_roles.edit().push_back(std::move(info));
  }
}

std::size_t ranks_of(std::span<const PlacedJob> jobs) {
  std::size_t ranks = 0;
  for (const PlacedJob& job : jobs) ranks += job.workload->ranks();
  return ranks;
}

// The step_end of all copies but the last is a point in time like any other.
std::uint32_t add_point(Program& program) {
  program.markers.edit().push_back({Marker::Kind::point, ' ', 0, 0});
  return static_cast<std::uint32_t>(program.markers.size() - 1);
}

bool ends_step(const Program& program, const Op& op) {
  return op.kind == OpKind::marker &&
         program.markers[static_cast<std::size_t>(op.payload)].kind == Marker::Kind::step_end;
}

}  // namespace

Program repeated(const Program& program, int times) {
  Program whole = program;
  if (times <= 1) return whole;
  const std::uint32_t point = add_point(whole);
  const auto n = static_cast<OpIndex>(times);
  for (std::size_t s = 0; s < program.streams.size(); ++s) {
    Stream& stream = whole.streams.edit()[s];
    const Stream& once = program.streams[s];
    stream.ops.clear();
    stream.notes.clear();
    stream.ops.reserve(once.ops.size() * n);
    stream.notes.reserve(once.notes.size() * n);
    for (OpIndex copy = 0; copy < n; ++copy) {
      for (Op op : once.ops) {
        if (op.waits()) {
          const auto step = static_cast<OpIndex>(program.streams[op.after_stream].ops.size());
          const bool before = op.on_previous_step();
          // The first copy looks back into the step before: to its last copy.
          op.after += step * (before ? (copy == 0 ? n : copy) - 1 : copy);
          if (before && copy > 0) op.flags &= static_cast<std::uint8_t>(~Op::kPreviousStep);
        }
        if (copy + 1 < n && ends_step(program, op)) op.payload = point;
        stream.ops.push_back(op);
      }
      stream.notes.insert(stream.notes.end(), once.notes.begin(), once.notes.end());
    }
  }
  return whole;
}

Workload joined(std::span<const PlacedJob> jobs) {
  const Workload& first = *jobs.front().workload;
  Workload whole;
  whole.links = first.links;
  whole.link_kinds = first.link_kinds;
  whole.categories = first.categories;
  whole.causes = first.causes;
  JointClaims claims = joint_claims(jobs);
  whole.planner = joint_planner(jobs, claims);
  whole.claims = std::move(claims.all);
  whole.jitter = first.jitter;
  const std::size_t ranks = ranks_of(jobs);
  Bases base;
  for (const PlacedJob& job : jobs) {
    add_programs(job, base, whole);
    add_groups(job, base, whole);
    add_roles(job, base, ranks, whole);
    whole.steps = std::max(whole.steps, job.workload->steps);
    base = {static_cast<std::uint32_t>(whole.program_of.size()), static_cast<std::uint32_t>(whole.programs.size()),
            static_cast<std::uint32_t>(whole.groups.size()), whole.group_roles.size(), whole.peer_roles.size()};
  }
  return whole;
}

bool may_join(std::span<const PlacedJob> jobs) {
  return joint_claims(jobs).all.size() <= kMostClaims;
}

RankTime averaged(const RankTime& time, Duration whole, int repeats) {
  RankTime mean = time;
  Duration counted;
  for (std::vector<Duration>* parts : {&mean.busy, &mean.exposed, &mean.late})
    for (Duration& part : *parts) {
      part = Duration::ps(part.count_ps() / repeats);
      counted += part;
    }
  mean.bubble = Duration::ps(whole.count_ps() / repeats) - counted;
  return mean;
}

}  // namespace orrery::sim
