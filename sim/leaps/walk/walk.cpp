#include "sim/leaps/walk/walk.h"

#include <algorithm>
#include <utility>

#include "sim/account/action_digest.h"

namespace orrery::sim {

Walk::Walk(const Workload& workload, const Tracks& tracks)
    : workload_(workload),
      steps_(static_cast<std::uint32_t>(workload.steps)),
      lines_(workload, tracks),
      ledger_(workload, false),
      accounting_(workload.ranks(), workload.categories.size()),
      spending_(workload, lines_, accounting_),
      step_ends_(steps_) {
  for (std::uint32_t r = 0; r < workload.ranks() && steps_ <= 2; ++r) accounting_.start({r}, Time());
}

const Legs::Leg* Walk::go_on(RankId id) {
  LeapRank& rank = lines_.ranks()[id];
  const std::vector<Stop>& stops = rank.program->legs->order;
  for (; rank.step < steps_; end_step(id, rank)) {
    for (; rank.stop < stops.size(); ++rank.stop) {
      const Stop stop = stops[rank.stop];
      if (stop.stream != kMainStream) {
        pass_side(rank, stop);
        continue;
      }
      Line& line = rank.main();
      const Legs::Leg& leg = line.track->legs().all()[stop.leg];
      if (leg.end_wait > leg.first_wait) wait(id, rank, leg);
      if (leg.end_mark > leg.first_mark) stamp(rank, leg);
      if (leg.transfers > 0) return &leg;
      pass(line, leg, stop.leg, line.now);
    }
  }
  return nullptr;
}

void Walk::pass_side(LeapRank& rank, Stop stop) {
  Line& line = rank.lines[stop.stream];
  const Legs& legs = line.track->legs();
  const Legs::Leg& leg = legs.all()[stop.leg];
  Time start = line.now;
  for (const Legs::Wait& wait : legs.waits_of(leg)) start = std::max(start, lines_.awaited(rank, wait));
  pass(line, leg, stop.leg, start);
}

void Walk::pass(Line& line, const Legs::Leg& leg, std::uint32_t index, Time start) {
  too_far_ |= start > kFar;
  if (too_far_) start = Time();
  lines_.pass(line, index, start + line.track->cost_of(leg.timed));
}

// Until what a main stream waits for has ended.
void Walk::wait(RankId id, LeapRank& rank, const Legs::Leg& leg) {
  Line& line = rank.main();
  for (const Legs::Wait& each : line.track->legs().waits_of(leg)) {
    const Time when = lines_.awaited(rank, each);
    if (when <= line.now) continue;
    if (is_measured(rank)) spending_.expose(id, each, line.now, when);
    line.now = when;
  }
}

void Walk::stamp(LeapRank& rank, const Legs::Leg& leg) const {
  const Line& line = rank.main();
  for (const Legs::Mark& mark : line.track->legs().marks_of(leg))
    rank.digest = with_action(rank.digest, mark.word, rank.step, line.now + line.track->cost_of(mark.before));
}

Arrival Walk::arrival(RankId id) const {
  return {lines_.ranks()[id].main().now, accounting_.bubble_from(id), accounting_.bubble_to(id)};
}

void Walk::leave(RankId id) {
  LeapRank& rank = lines_.ranks()[id];
  const std::uint32_t leg = rank.program->legs->order[rank.stop].leg;
  if (accounting_.is_on(id)) spending_.pass(id, leg);
  Time end;
  for (const Passage& passage : rank.passages) end = std::max(end, passage.end);
  too_far_ |= end > kFar;
  rank.passages.clear();
  lines_.pass(rank.main(), leg, end);
  ++rank.stop;
}

void Walk::end_step(RankId id, LeapRank& rank) {
  const Time now = rank.main().now;
  rank.previous_step_end = rank.step_end;
  rank.step_end = now;
  rank.digest.add(static_cast<std::uint64_t>(now.count_ps()));
  Time& latest = step_ends_[rank.step];
  latest = std::max(latest, now);
  rank.stop = 0;
  Lines::end_step(rank);
  if (rank.step == steps_) {
    accounting_.stop(id);
  } else if (rank.step + 2 >= steps_) {
    accounting_.start(id, now);
  }
}

bool Walk::all_are_done() const {
  return std::ranges::all_of(lines_.ranks(), [this](const LeapRank& rank) { return rank.step == steps_; });
}

// The moment of the peak is that of the last record.
void Walk::note_memory(RankId id, const LeapRank& rank) {
  const std::optional<Ledger::Record> record = ledger_.last_record(id, steps_);
  if (!record) return;
  const Line& line = rank.main();
  const Op& op = line.track->ops()[record->place.op];
  Time when = lines_.end_of(line, record->step, record->place.op);
  if (op.kind == OpKind::call)
    when = when - Duration::ps(rank.program->block_of(op).at(kFullSpeed).from(record->place.inside));
  ledger_.put_back(id, {.when = when, .place = record->place, .step = record->step, .any = true});
}

RunResult Walk::summarize() {
  RunResult result;
  result.step_ends = std::move(step_ends_);
  result.ops = workload_.op_count();
  result.ranks.reserve(workload_.ranks());
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    const RankId id{r};
    const LeapRank& rank = lines_.ranks()[id];
    for (const Spent& of : rank.program->spent) accounting_.busy(id, of.category, of.time);
    note_memory(id, rank);
    result.ranks.add(
        {accounting_.summary(id), ledger_.summary(id), rank.step_end, rank.previous_step_end, rank.digest});
  }
  result.digest = combine_digests(result.ranks, result.step_ends);
  return result;
}

}  // namespace orrery::sim
