// No step is shorter than least_step().
//
// Let E be the moment at which the step before the measured one ends, r the rank that
// ends it (its main stream ends last), and E' the end of the measured step: step_time is E' - E.
//
// (1) At E the main stream of r begins the measured step. From there to E' it takes
//     at least tail(r) (tails.h), so E' - E >= tail(r). That is all that is known of
//     ranks that nothing holds together: the others may be well ahead.
//
// (2) Let M be a meeting of main streams in the step before, over at B for all of its members,
//     r among them. Each member q has at least the kernels behind M to do until its own step
//     ends, then begins the measured one: E' >= B + least(q) + tail(q). If r has only work of its
//     own rank behind M, that is over by most(r), every kernel slowed by all transfers that its
//     streams could have in progress at once: E <= B + most(r). Hence
//     E' - E >= least(q) + tail(q) - most(r), for every member q.
//     With M the last such meeting (in training the agreement on the gradients' norm) the pipeline fills
//     from the same moment on, and no bubble is left out.
//
// It is not known which rank r is: the bound is the least over all of the better of (1) and (2).
//
// A run of one step begins on all ranks at once: it takes the longest tail.
#include "sim/bound/least_step.h"

#include <algorithm>
#include <optional>

#include "sim/bound/tails.h"
#include "sim/bound/work_behind.h"
#include "sim/calls.h"

namespace orrery::sim {
namespace {

// The last collective of a rank's main stream that it does not do alone, and its group.
struct LastMeeting {
  GroupId group = GroupId::none();
  OpIndex op = 0;
};

GroupId group_at(const Workload& workload, RankId rank, const Op& op) {
  const Program& program = workload.programs[workload.program_of[rank]];
  return workload.group_of(rank, program.transfer_of(op).role);
}

LastMeeting last_meeting(const Workload& workload, RankId rank) {
  const std::vector<Op>& ops = workload.programs[workload.program_of[rank]].streams[kMainStream].ops;
  for (auto i = static_cast<OpIndex>(ops.size()); i-- > 0;) {
    if (ops[i].kind != OpKind::collective) continue;
    const GroupId group = group_at(workload, rank, ops[i]);
    if (!group.is_none() && workload.groups[group].members.size() > 1) return {group, i};
  }
  return {};
}

// Where a rank's main stream is last in `group`: there it meets those who are last there, too.
std::optional<OpIndex> last_in(const Workload& workload, RankId rank, GroupId group) {
  const std::vector<Op>& ops = workload.programs[workload.program_of[rank]].streams[kMainStream].ops;
  for (auto i = static_cast<OpIndex>(ops.size()); i-- > 0;)
    if (ops[i].kind == OpKind::collective && group_at(workload, rank, ops[i]) == group) return i;
  return std::nullopt;
}

class LeastStep {
 public:
  LeastStep(const Workload& workload, const IdVector<RankId, Duration>& tails)
      : workload_(workload), tails_(tails), from_group_(workload.groups.size()) {}

  // If `rank` is the one that ends the step before.
  Duration behind(RankId rank) {
    const LastMeeting last = last_meeting(workload_, rank);
    if (last.group.is_none()) return tails_[rank];
    const std::optional<Duration> most = most_work_behind(workload_, rank, last.op);
    return most ? std::max(tails_[rank], from(last.group) - *most) : tails_[rank];
  }

 private:
  // From the end of the group's last meeting to that of the next step.
  Duration from(GroupId group) {
    std::optional<Duration>& longest = from_group_[group.value];
    if (longest) return *longest;
    longest = Duration();
    for (const RankId member : workload_.groups[group].members)
      if (const std::optional<OpIndex> op = last_in(workload_, member, group))
        longest = std::max(*longest, least_work_behind(workload_, member, *op) + tails_[member]);
    return *longest;
  }

  const Workload& workload_;
  const IdVector<RankId, Duration>& tails_;
  std::vector<std::optional<Duration>> from_group_;
};

}  // namespace

Duration least_step(const Workload& workload) {
  if (calls_meet_others(workload)) return least_step(written_out(workload));
  if (workload.jitter.compute > 0 || workload.ranks() == 0) return Duration();
  const std::optional<IdVector<RankId, Duration>> tails = sim::tails(workload);
  if (!tails) return Duration();
  if (workload.steps == 1) return *std::max_element(tails->begin(), tails->end());
  LeastStep step(workload, *tails);
  Duration least = step.behind({0});
  for (std::uint32_t r = 1; r < workload.ranks(); ++r) least = std::min(least, step.behind({r}));
  return least;
}

}  // namespace orrery::sim
