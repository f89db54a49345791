#include "sim/leaps/walk/walk.h"

#include <algorithm>
#include <utility>

#include "sim/account/action_digest.h"

namespace orrery::sim {

Walk::Walk(const Workload& workload, const Tracks& tracks)
    : workload_(workload),
      steps_(static_cast<std::uint32_t>(workload.steps)),
      lines_(workload, tracks),
      ledger_(workload, false, tracks.memory_places()),
      accounting_(workload.ranks(), workload.categories.size()),
      spending_(workload, lines_, accounting_),
      step_ends_(steps_) {
  for (std::uint32_t r = 0; r < workload.ranks() && steps_ <= 2; ++r) accounting_.start({r}, Time());
}

const Stop* Walk::go_on(RankId id) {
  LeapRank& rank = lines_.ranks()[id];
  const Itinerary& order = rank.order();
  const std::span<const Stop> stops = order.stops();
  const Legs::Wait* const waits = order.waits().data();
  const Legs::Mark* const marks = order.marks().data();
  const std::int64_t* const sums = rank.program->sums.data();
  const auto cost_of = [&](const Legs::Timed& ops) { return Duration::ps(sums[ops.to] - sums[ops.from]); };
  for (; rank.step < steps_; end_step(id, rank)) {
    Time* const ends = rank.ends;
    Digest digest = rank.digest;
    Time now = rank.now;
    std::uint32_t at = rank.stop;
    for (; at < stops.size(); ++at) {
      const Stop& stop = stops[at];
      Time begin = ends[stop.before];
      for (std::uint32_t w = stop.first_wait; w < stop.end_wait; ++w) {
        const Time when = ends[waits[w].end] - cost_of(waits[w].behind);
        if (when <= begin) continue;
        if (stop.stream == kMainStream && is_measured(rank)) spending_.expose(id, waits[w], begin, when);
        begin = when;
      }
      if (begin > kFar) {
        too_far_ = true;
        begin = Time();
      }
      ends[stop.end] = begin + cost_of(stop.timed);
      if (stop.stream != kMainStream) continue;
      now = ends[stop.end];
      for (std::uint32_t m = stop.first_mark; m < stop.end_mark; ++m)
        digest = with_action(digest, marks[m].word, rank.step, begin + cost_of(marks[m].before));
      if (stop.transfers > 0) break;
    }
    rank.digest = digest;
    rank.now = now;
    rank.stop = at;
    if (at == stops.size()) continue;
    rank.open = stops[at].transfers;
    return &stops[at];
  }
  return nullptr;
}

bool Walk::pass(RankId id, const Passage& passage) {
  LeapRank& rank = lines_.ranks()[id];
  rank.note(passage);
  if (--rank.open > 0) return false;
  const Stop& stop = rank.here();
  Time end;
  for (const Passage& over : rank.passages) end = std::max(end, over.end);
  if (accounting_.is_on(id)) spending_.pass(id, stop);
  too_far_ |= end > kFar;
  rank.now = rank.ends[stop.end] = end;
  rank.passages.clear();
  ++rank.stop;
  return true;
}

void Walk::end_step(RankId id, LeapRank& rank) {
  const Time now = rank.now;
  rank.previous_step_end = rank.step_end;
  rank.step_end = now;
  rank.digest.add(static_cast<std::uint64_t>(now.count_ps()));
  Time& latest = step_ends_[rank.step];
  latest = std::max(latest, now);
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
  const Op& op = rank.program->main().ops()[record->place.op];
  Time when = Lines::end_of(rank, kMainStream, record->step, record->place.op);
  if (op.kind == OpKind::call) when = when - rest_of(*rank.program, op, record->place.inside);
  ledger_.put_back(id, {.when = when, .place = record->place, .step = record->step, .any = true});
}

// What a call takes from op `from` of its block on. Stages in the middle mostly ask for the same.
Duration Walk::rest_of(const TrackedProgram& program, const Op& call, OpIndex from) {
  const LeapBlock* const block = &program.block_of(call);
  const auto known =
      std::ranges::find_if(rests_, [&](const Rest& rest) { return rest.block == block && rest.from == from; });
  if (known != rests_.end()) return known->time;
  rests_.push_back({block, from, Duration::ps(cost_from(program.program->block_of(call), from, program.solo))});
  return rests_.back().time;
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
