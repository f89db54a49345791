// What results are made of: stamps of schedule actions, spans, where time went.
#include <algorithm>

#include "sim/account/action_digest.h"
#include "sim/calls.h"
#include "sim/engine/impl.h"

namespace orrery::sim {

// Action markers among ops [s.at, end) of the main stream's run. A begin counts from when
// the next op that takes time starts; a begin that none follows in its run is
// stamped when one does (stamp_pending).
void Engine::stamp_actions(StreamState& s, OpIndex end, const RunClock& clock) {
  const FlatStream& f = flat(s);
  RankState& rank = rank_of(s);
  for (OpIndex op = f.ahead[s.at].next_action; op < end; op = f.ahead[op + 1].next_action) {
    if (f.ahead[op].next_timed < s.until) {
      stamp(rank, s, op, clock.start_of(op));
    } else if (rank.pending_begin == kNothingPending) {
      rank.pending_begin = op;
    }
  }
}

void Engine::stamp_pending(StreamState& main, Time when) {
  RankState& rank = rank_of(main);
  if (rank.pending_begin == kNothingPending) return;
  const FlatStream& f = flat(main);
  for (OpIndex op = rank.pending_begin; op < main.at; op = f.ahead[op + 1].next_action) stamp(rank, main, op, when);
  rank.pending_begin = kNothingPending;
}

void Engine::stamp(RankState& rank, const StreamState& s, OpIndex op, Time when) {
  const Marker& marker = rank.flat->program->markers[static_cast<std::size_t>(flat(s).ops[op].payload)];
  rank.digest = with_action(rank.digest, word_of(marker), s.step, when);
}

void Engine::trace_run(const StreamState& s, OpIndex end, const RunClock& clock) {
  Span span;
  span.rank = RankId{s.rank};
  span.stream = s.index;
  span.step = static_cast<std::uint16_t>(s.step);
  for (OpIndex op = s.at; op < end; ++op) {
    span.op = op;
    span.start = span.met = clock.start_of(op);
    span.end = clock.end_of(op);
    options_.trace->span(span);
  }
}

// A group's sends and receives end together; waits between them were over at its start.
void Engine::trace_transfers(const StreamState& s) {
  const FlatStream& f = flat(s);
  Span span;
  span.rank = RankId{s.rank};
  span.stream = s.index;
  span.step = static_cast<std::uint16_t>(s.step);
  span.start = s.op_start;
  for (const bool waits : {true, false}) {
    for (OpIndex op = s.at; op < s.until; ++op) {
      if ((f.ops[op].kind == OpKind::wait) != waits) continue;
      span.op = op;
      span.met = waits ? s.op_start : met_[id_of(s)][op - s.at];
      span.end = waits ? s.op_start : now_;
      options_.trace->span(span);
    }
  }
}

// The stream that the main stream waits for in the end, or itself.
const StreamState& Engine::blocking(const StreamState& main) const {
  const StreamState* s = &main;
  for (StreamIndex hops = 0; s->status == StreamStatus::blocked && hops < rank_of(main).streams; ++hops)
    s = &sibling(*s, s->waits_on);
  return *s;
}

// `s` is about to change. If it is what the main stream is doing or waiting for,
// the time since the rank's clock was set is put where it belongs: nothing else
// on the way can have changed meanwhile.
void Engine::settle_since_then(const StreamState& s, Time bubble_from, Time bubble_to) {
  const RankId rank{s.rank};
  const Time since = accounting_.since(rank);
  const StreamState& main = sibling(s, kMainStream);
  if (&blocking(main) != &s) return;
  const bool is_main = &main == &s;
  accounting_.set_clock(rank, now_);
  if (s.status == StreamStatus::running) return settle_run(s, is_main, since);
  if (s.status == StreamStatus::meeting) return settle_meeting(s, s.at, since, bubble_from, bubble_to);
  if (s.status != StreamStatus::arriving) return;
  settle_run(s, is_main, since);
  const Time arrival = clock_of(s).end_of(s.until - 1);
  if (arrival < now_) settle_meeting(s, s.until, std::max(since, arrival), bubble_from, bubble_to);
}

// The time since `since` in the transfer at `index`, or waiting for it.
void Engine::settle_meeting(const StreamState& s, OpIndex index, Time since, Time bubble_from, Time bubble_to) {
  const RankId rank{s.rank};
  const bool is_main = s.index == kMainStream;
  const Op& op = flat(s).ops[index];
  if (s.flowing == 0 && waits_for_pipeline(s, op)) return accounting_.bubble(rank, since, now_);
  if (s.flowing == 0) return accounting_.late(rank, op.category, since, now_, bubble_from, bubble_to);
  if (is_main) return accounting_.busy(rank, op.category, now_ - since);
  accounting_.exposed(rank, op.category, now_ - since);
}

bool Engine::waits_for_pipeline(const StreamState& s, const Op& op) const {
  if (op.kind != OpKind::collective) return workload_.categories[op.category].is_pipeline;
  const Transfer& transfer = rank_of(s).flat->program->transfers[static_cast<std::size_t>(op.payload)];
  return transfer.role < workload_.group_roles.size() && workload_.group_roles[transfer.role].crosses_pipeline;
}

// Kernels of a call of the run, from `since` on: what all of them take, or those that are in that time.
template <class Spend>
void Engine::settle_call(const StreamState& s, OpIndex call, const RunClock& clock, Time since, const Spend& spend) {
  const FlatBlock& of_call = flat(s).block_of(call);
  const FlatBlock::AtSpeed& block = of_call.at(s.speed);
  const OpIndex first = call == s.at ? s.inside : 0;
  if (first == 0 && since <= clock.start_of(call) && clock.end_of(call) <= now_) {
    for (const Spent& of : block.spent) spend(of.category, of.time);
    return;
  }
  for (OpIndex i = first; i < of_call.size(); ++i) {
    const Time from = std::max(since, clock.start_inside(call, i, block));
    const Time to = std::min(now_, clock.end_inside(call, i, block));
    if (to > from) spend(of_call.ops[i].category, to - from);
    if (to == now_) return;
  }
}

// Kernels of a run, from `since` on, a category at a time. Behind the first op a run that is over takes what it took
// the last time.
void Engine::settle_run(const StreamState& s, bool is_main, Time since) {
  FlatStream& f = *s.flat;
  const RunClock clock = clock_of(s);
  const RankId rank{s.rank};
  const auto spend = [&](Category category, Duration time) {
    is_main ? accounting_.busy(rank, category, time) : accounting_.exposed(rank, category, time);
  };
  if (f.ahead[s.at].category_end < s.until && since <= s.first_end && clock.end_of(s.until - 1) <= now_) {
    if (f.ops[s.at].kind == OpKind::kernel) spend(f.ops[s.at].category, s.first_end - std::max(since, s.op_start));
    if (f.ops[s.at].kind == OpKind::call) settle_call(s, s.at, clock, since, spend);
    f.each_spent(s.speed, s.at + 1, s.until, spend);
    return;
  }
  for (OpIndex op = s.at; op < s.until;) {
    const OpIndex end = std::min(f.ahead[op].category_end, s.until);
    const Time from = std::max(since, clock.start_of(op)), to = std::min(now_, clock.end_of(end - 1));
    if (to > from) {
      OpIndex timed = op;
      while (!f.has_kernels(timed)) ++timed;
      f.ops[timed].kind == OpKind::call ? settle_call(s, timed, clock, since, spend)
                                        : spend(f.ops[timed].category, to - from);
    }
    if (to == now_) return;
    op = end;
  }
}

// Ops of calls were passed as one; of a run that is over all are known.
void Engine::count_ops() {
  if (unfinished_ == 0 && !source_ && has_calls(workload_)) result_.ops = workload_.op_count();
}

RunResult Engine::summarize() {
  count_ops();
  if (solo_ && unfinished_ == 0 && workload_.steps > 0) solo_->add_loads(result_);
  add_loads();
  result_.ranks.reserve(ranks_.size());
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    const RankId id{r};
    const RankState& rank = ranks_[id];
    result_.ranks.add(
        {accounting_.summary(id), ledger_.summary(id), rank.step_end, rank.previous_step_end, rank.digest});
  }
  result_.digest = combine_digests(result_.ranks, result_.step_ends);
  if (unfinished_ > 0 && !result_.interrupted && workload_.steps > 0) result_.stuck = why_stuck();
  return std::move(result_);
}

}  // namespace orrery::sim
