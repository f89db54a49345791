// Streams of a rank wait for each other: who is blocked on whom, and when he goes on.
#include <algorithm>

#include "sim/engine/impl.h"

namespace orrery::sim {

// Whether what the op waits for is by `when`, as far as is known now.
bool Engine::is_done(const StreamState& s, const Op& op, Time when) const {
  if (op.on_previous_step() && s.step == 0) return true;
  const StreamState& other = sibling(s, op.after_stream);
  const std::uint32_t step = s.step - (op.on_previous_step() ? 1 : 0);
  if (other.step != step) return other.step > step;
  return other.at > op.after || is_foreseen(other, op.after, when);
}

// Whether an op of a run in progress, of a stream that is on time, has ended by `when`.
bool Engine::is_foreseen(const StreamState& s, OpIndex op, Time when) {
  return s.status == StreamStatus::running && op < s.until && flat(s).on_time && clock_of(s).end_of(op) <= when;
}

// Waits for what the op depends on (s.at, or one inside the group that starts there).
void Engine::block(StreamState& s, OpIndex op) {
  s.status = StreamStatus::blocked;
  s.until = op;
  wait_for_sibling(s);
}

// For what op s.until depends on.
void Engine::wait_for_sibling(StreamState& s) {
  s.waits_on = flat(s).ops[s.until].after_stream;
  StreamState& other = sibling(s, s.waits_on);
  StreamIndex* link = &other.first_waiter;
  while (*link != kNoStream && *link < s.index) link = &sibling(s, *link).next_waiter;
  s.next_waiter = *link;
  *link = s.index;
  other.wake_at = std::min(other.wake_at, needed(s, other));
  if (other.status != StreamStatus::running || !flat(other).on_time) return;
  if (clock_of(other).end_of(other.until - 1) < now_) return come_to_wait(other);
  schedule(other, next_look(other));
}

// A run on time is over, and its stream has been waiting since.
void Engine::come_to_wait(StreamState& s) {
  pass(s, s.until);
  s.status = StreamStatus::blocked;
}

// A run on time has been planned, or goes on further than it was: its stream waits for what holds it back behind.
void Engine::plan_on_time(StreamState& s) {
  if (sees_through(s) && s.until < flat(s).size()) wait_for_sibling(s);
  schedule(s, next_look(s));
}

// How many ops of the present step of `other` have to be done before `waiter` can go on.
OpIndex Engine::needed(const StreamState& waiter, const StreamState& other) const {
  const Op& op = flat(waiter).ops[waiter.until];
  const std::uint32_t step = waiter.step - (op.on_previous_step() ? 1 : 0);
  return other.step == step ? op.after + 1 : UINT32_MAX;
}

// The least that one of those who wait for the stream needs of its present step.
OpIndex Engine::first_need(const StreamState& s) const {
  OpIndex least = UINT32_MAX;
  for (StreamIndex i = s.first_waiter; i != kNoStream; i = sibling(s, i).next_waiter)
    least = std::min(least, needed(sibling(s, i), s));
  return least;
}

void Engine::wake_waiters(StreamState& s) {
  if (s.first_waiter == kNoStream || s.at < s.wake_at) return;
  s.wake_at = UINT32_MAX;
  StreamIndex* link = &s.first_waiter;
  while (*link != kNoStream) {
    StreamState& waiter = sibling(s, *link);
    if (!is_met(waiter, flat(waiter).ops[waiter.until])) {
      s.wake_at = std::min(s.wake_at, needed(waiter, s));
      link = &waiter.next_waiter;
      continue;
    }
    *link = waiter.next_waiter;
    waiter.waits_on = kNoStream;
    resume(waiter);
  }
}

// What op s.until waits for is done: the run before it goes on over it if it is not over yet.
void Engine::resume(StreamState& s) {
  if (s.status == StreamStatus::running) {
    if (clock_of(s).end_of(s.until - 1) >= now_) {
      s.until = run_end(s, s.until);
      return plan_on_time(s);
    }
    pass(s, s.until);
  }
  s.status = StreamStatus::ready;
  ready_.push_back(id_of(s));
}

// The event of a run has come before its end.
void Engine::look_at(StreamState& s, Time end) {
  if (!flat(s).on_time) return schedule(s, end);
  settle(s);
  leave_behind(s, op_in_progress(s));
  wake_waiters(s);
  schedule(s, next_look(s));
}

// When a stream that is on time has done what somebody waits for, or all of its run. Never, if nobody waits for it and
// it is told when it can go on.
Time Engine::next_look(StreamState& s) {
  if (s.first_waiter == kNoStream && s.waits_on != kNoStream) return Time::never();
  if (s.first_waiter != kNoStream && s.wake_at <= s.at) s.wake_at = first_need(s);
  const bool awaited = s.first_waiter != kNoStream && s.wake_at <= s.until;
  return clock_of(s).end_of((awaited ? s.wake_at : s.until) - 1);
}

}  // namespace orrery::sim
