// Runs: ops of one stream that nothing need look into, and one event for all of them.
#include <algorithm>

#include "sim/base/random.h"
#include "sim/engine/impl.h"

namespace orrery::sim {

// Begins the run at s.at; true when it took no time and is over.
bool Engine::start_run(StreamState& s) {
  FlatStream& f = flat(s);
  s.until = run_end(s, s.at);
  s.speed = f.feels_claims ? rank_of(s).speed : kFullSpeed;
  s.op_start = s.mark = now_;
  s.inside = 0;
  s.work_left = f.work_of(s.at);
  const std::int64_t* const sums = f.sums(s.speed, speeds_);
  s.first_end = now_ + Duration::ps(sums[s.at + 1] - sums[s.at]);
  if (jitters_) add_jitter(s);
  if (s.index == kMainStream && f.ahead[s.at].next_timed < s.until) stamp_pending(s, now_);

  const Time end = clock_of(s).end_of(s.until - 1);
  if (end > now_) {
    if (coalesce_ && s.index == kMainStream && s.until < f.size() && f.entered_ahead[s.until]) {
      enter_ahead(s, end);
      return false;
    }
    s.status = StreamStatus::running;
    f.on_time ? plan_on_time(s) : schedule(s, end);
    return false;
  }
  pass(s, s.until);
  wake_waiters(s);
  return true;
}

// Where the run at s.at ends that comes to op `from`. It goes on over waits that are over already, or will be.
OpIndex Engine::run_end(StreamState& s, OpIndex from) {
  if (!coalesce_) return from + 1;
  FlatStream& f = flat(s);
  OpIndex end = f.ahead[from].run_end;
  if (!sees_through(s) || end == f.size() || !f.only_waits[end]) return end;
  const std::int64_t* const sums = f.sums(kFullSpeed, speeds_);
  const auto earliest = [&](OpIndex op) { return now_ + Duration::ps(sums[op] - sums[from]); };
  while (end < f.size() && f.only_waits[end] && is_done(s, f.ops[end], earliest(end))) end = f.ahead[end].run_end;
  return end;
}

// The event of a run has come: at its end, or before if it was slowed since or one of
// its ops is waited for.
void Engine::end_run(StreamState& s) {
  const Time end = clock_of(s).end_of(s.until - 1);
  if (end > now_) return look_at(s, end);
  settle(s);
  pass(s, s.until);
  s.status = s.waits_on == kNoStream ? StreamStatus::ready : StreamStatus::blocked;
  wake_waiters(s);
  if (s.status == StreamStatus::ready) advance(s);
}

// Ops [s.at, end) of the run in progress are over: they leave their marks.
void Engine::pass(StreamState& s, OpIndex end) {
  const FlatStream& f = flat(s);
  const RunClock clock = clock_of(s);
  if (s.index == kMainStream && f.ahead[s.at].next_action < end) stamp_actions(s, end, clock);
  ledger_.pass(RankId{s.rank}, s.index, s.step, f, clock, end);
  if (options_.trace && options_.trace->wants(RankId{s.rank})) trace_run(s, end, clock);
  result_.ops += end - s.at;
  if (rehearsal_) see_ops(s, end, clock);
  s.at = end;
  if (rehearsal_) see_end(s);
}

// One event stands for a run. What is put off, as when its kernels slow down, needs no
// other: the event finds out that it has come too early.
void Engine::schedule(StreamState& s, Time when) {
  if (s.queued <= when) return;
  s.queued = when;
  events_.push({when, id_of(s), ++s.generation});
}

// Ops before `op`, the one in progress, are over: the run goes on from there.
void Engine::leave_behind(StreamState& s, OpIndex op) {
  if (op == s.at) return;
  const RunClock clock = clock_of(s);
  const Time start = clock.start_of(op), end = clock.end_of(op);
  pass(s, op);
  s.op_start = s.mark = start;
  s.first_end = end;
  const FlatStream& f = flat(s);
  s.inside = 0;
  s.work_left = f.work_of(op);
}

void Engine::add_jitter(StreamState& s) const {
  const Op& op = flat(s).ops[s.at];
  if (op.kind != OpKind::kernel) return;
  s.work_left = with_jitter(s, op.payload);
  s.first_end = now_ + Duration::ps(slowed(s.work_left, speeds_.permille(s.speed, op.kernel_class())));
}

std::int64_t Engine::with_jitter(const StreamState& s, std::int64_t cost) const {
  Digest key;
  key.add(workload_.jitter.seed).add(s.rank).add(s.step).add(s.index).add(s.at);
  const Int128 z = KeyedRandom(key.value()).gaussian_q32();
  const auto deviation = static_cast<std::int64_t>(workload_.jitter.compute * 1e9 + 0.5);
  const Int128 noise = static_cast<Int128>(cost) * deviation / 1'000'000'000 * z / (std::int64_t{1} << 32);
  return std::max<std::int64_t>(0, cost + static_cast<std::int64_t>(noise));
}

}  // namespace orrery::sim
