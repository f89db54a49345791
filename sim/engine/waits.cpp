// Streams of a rank wait for each other: who is blocked on whom, and when he goes on.
#include <algorithm>

#include "sim/engine/impl.h"

namespace orrery::sim {

bool Engine::is_met(const StreamState& s, const Op& op) const {
  if (!op.waits()) return true;
  if (op.on_previous_step() && s.step == 0) return true;
  const StreamState& other = sibling(s, op.after_stream);
  const std::uint32_t step = s.step - (op.on_previous_step() ? 1 : 0);
  if (other.step != step) return other.step > step;
  return other.at > op.after || is_foreseen(other, op.after, now_);
}

// Whether an op of a run in progress, of a stream that is on time, has ended by `when`.
bool Engine::is_foreseen(const StreamState& s, OpIndex op, Time when) const {
  return s.status == StreamStatus::running && op < s.until && flat(s).on_time && clock_of(s).end_of(op) <= when;
}

// Waits for what the op depends on (s.at, or one inside the group that starts there).
void Engine::block(StreamState& s, OpIndex op) {
  s.status = StreamStatus::blocked;
  s.until = op;
  s.waits_on = flat(s).ops[op].after_stream;
  StreamIndex* link = &sibling(s, s.waits_on).first_waiter;
  while (*link != kNoStream && *link < s.index) link = &sibling(s, *link).next_waiter;
  s.next_waiter = *link;
  *link = s.index;
  StreamState& other = sibling(s, s.waits_on);
  other.wake_at = std::min(other.wake_at, needed(s, other));
  if (other.status == StreamStatus::running && flat(other).on_time) schedule(other, next_look(other));
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
    waiter.status = StreamStatus::ready;
    waiter.waits_on = kNoStream;
    ready_.push_back(id_of(waiter));
  }
}

// The event of a run has come before its end.
void Engine::look_at(StreamState& s, Time end) {
  if (!flat(s).on_time) return schedule(s, end);
  settle(s);
  leave_behind(s, op_in_progress(s));
  wake_waiters(s);
  schedule(s, next_look(s));
}

// When a stream that is on time has done what somebody waits for, or all of its run.
Time Engine::next_look(StreamState& s) {
  if (s.first_waiter != kNoStream && s.wake_at <= s.at) s.wake_at = first_need(s);
  const bool awaited = s.first_waiter != kNoStream && s.wake_at <= s.until;
  return clock_of(s).end_of((awaited ? s.wake_at : s.until) - 1);
}

}  // namespace orrery::sim
