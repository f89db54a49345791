#include "sim/engine/engine.h"

#include <algorithm>

#include "sim/base/random.h"
#include "sim/engine/impl.h"

namespace orrery::sim {

RunResult Engine::run() {
  if (workload_.steps > 0) start();
  std::uint64_t instants = 0;
  while (!events_.empty()) {
    now_ = events_.take(due_);
    handle_instant();
    end_instant();
    if ((++instants & 0xfff) == 0 && !go_on()) break;
  }
  if (unfinished_ > 0 && !result_.interrupted) arrive_all();
  return summarize();
}

void Engine::start() {
  for (std::uint32_t r = 0; r < ranks_.size(); ++r)
    if (workload_.steps <= 2 && ranks_[RankId{r}].streams > 0) accounting_.start(RankId{r}, now_);
  for (StreamState& s : streams_) ready_.push_back(id_of(s));
  drain_ready();
  end_instant();
}

bool Engine::go_on() {
  if (options_.progress && total_ops_ > 0)
    options_.progress(static_cast<double>(result_.ops) / static_cast<double>(total_ops_));
  if (!options_.stop || !options_.stop->load(std::memory_order_relaxed)) return true;
  result_.interrupted = true;
  return false;
}

namespace {

constexpr std::size_t kFar = 12, kNear = 6;  // events ahead

void fetch(const void* begin, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(begin) + at);
}

}  // namespace

// Whole classes of ranks come at one instant, each with a state of its own that has been
// out of the caches since its last event: so it is asked for some events ahead.
void Engine::look_far(const Event& event) const {
  if (event.id < streams_.size())
    fetch(&streams_[event.id], sizeof(StreamState));
  else
    fetch(&meetings_[static_cast<std::uint32_t>(event.id - streams_.size())], sizeof(Meeting));
}

void Engine::look_near(const Event& event) const {
  if (event.id < streams_.size()) return fetch(&ranks_[RankId{streams_[event.id].rank}], sizeof(RankState));
  for (const Participant& who : meetings_[static_cast<std::uint32_t>(event.id - streams_.size())].who) {
    const RankState& rank = ranks_[RankId{streams_[who.stream].rank}];
    fetch(&rank, sizeof(RankState));
    fetch(&streams_[who.stream], sizeof(StreamState));
    fetch(&streams_[rank.first_stream], sizeof(StreamState));
  }
}

// All that is due now, in order of ids, and what is planned for now meanwhile in
// its place among it.
void Engine::handle_instant() {
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (i + kFar < due_.size()) look_far(due_[i + kFar]);
    if (i + kNear < due_.size()) look_near(due_[i + kNear]);
    while (events_.comes_before(due_[i])) handle(events_.pop_immediate());
    handle(due_[i]);
  }
  while (events_.any_immediate()) handle(events_.pop_immediate());
}

// What waited for all else of this instant.
void Engine::end_instant() {
  while (!gathering_.empty() || network_touched_ || !unsettled_.empty()) {
    if (!gathering_.empty()) {
      release_gathered();
    } else if (network_touched_) {
      settle_network();
    } else {
      settle_cells();
    }
  }
}

void Engine::handle(const Event& event) {
  ++result_.events;
  tell_owner(event);
  drain_ready();
}

void Engine::tell_owner(const Event& event) {
  if (event.id >= streams_.size()) {
    const auto meeting = static_cast<std::uint32_t>(event.id - streams_.size());
    if (meetings_[meeting].generation == event.generation) look_after(meeting);
    return;
  }
  StreamState& s = streams_[event.id];
  if (s.generation != event.generation) return;
  s.queued = Time::never();
  s.status == StreamStatus::passing ? end_stretch(rank_of(s).cell) : end_run(s);
}

void Engine::drain_ready() {
  for (std::size_t i = 0; i < ready_.size(); ++i) advance(streams_[ready_[i]]);
  ready_.clear();
  if (!moved_.empty()) plan_moved();
}

// Takes a stream as far as it gets at this instant.
void Engine::advance(StreamState& s, bool may_gather) {
  for (;; may_gather = true) {
    if (rehearsal_ && stands_aside(s)) return;
    const FlatStream& f = flat(s);
    if (s.at == f.size()) {
      if (!next_step(s)) return;
      continue;
    }
    const Op& op = f.ops[s.at];
    if (!is_met(s, op)) return block(s, s.at);
    if (s.index == kMainStream && may_gather && gather(s)) return;
    if (!is_local(op.kind)) return start_transfers(s);
    if (!start_run(s)) return;
  }
}

// Begins the run at s.at; true when it took no time and is over.
bool Engine::start_run(StreamState& s) {
  const FlatStream& f = flat(s);
  const RankState& rank = rank_of(s);
  const Op& op = f.ops[s.at];
  s.until = run_end(s);
  s.speed = f.feels_claims ? rank.speed : kFullSpeed;
  s.op_start = s.mark = now_;
  s.inside = 0;
  s.work_left = op.kind == OpKind::kernel ? cost_of(s, s.at)
                : op.kind == OpKind::call ? f.block_of(s.at).cost_of(0)
                                          : 0;
  s.first_end = now_ + (op.kind == OpKind::call
                            ? Duration::ps(f.block_of(s.at).at(s.speed, speeds_).total())
                            : Duration::ps(slowed(s.work_left, speeds_.permille(s.speed, op.kernel_class()))));
  if (s.index == kMainStream && f.ahead[s.at].next_timed < s.until) stamp_pending(s, now_);

  const Time end = clock_of(s).end_of(s.until - 1);
  if (end > now_) {
    if (coalesce_ && s.index == kMainStream && s.until < f.size() && f.entered_ahead[s.until]) {
      enter_ahead(s, end);
      return false;
    }
    s.status = StreamStatus::running;
    schedule(s, f.on_time ? next_look(s) : end);
    return false;
  }
  pass(s, s.until);
  wake_waiters(s);
  return true;
}

// Where the run that starts at s.at ends. It goes on over waits that are over already; but not where each op is looked
// at, nor on side streams of a cell, which stretches want to see where they stand.
OpIndex Engine::run_end(const StreamState& s) const {
  if (!coalesce_) return s.at + 1;
  const FlatStream& f = flat(s);
  OpIndex end = f.ahead[s.at].run_end;
  const bool is_seen = s.index != kMainStream && rank_of(s).cell != Cells::none();
  if (is_seen || plays_ || source_ || options_.trace) return end;
  while (end < f.size() && f.only_waits[end] && is_met(s, f.ops[end])) end = f.ahead[end].run_end;
  return end;
}

// The event of a run has come: at its end, or before if it was slowed since or one of
// its ops is waited for.
void Engine::end_run(StreamState& s) {
  const Time end = clock_of(s).end_of(s.until - 1);
  if (end > now_) return look_at(s, end);
  settle(s);
  pass(s, s.until);
  s.status = StreamStatus::ready;
  wake_waiters(s);
  advance(s);
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
  s.work_left = f.ops[op].kind == OpKind::call ? f.block_of(op).cost_of(0) : f.ops[op].payload;
}

std::int64_t Engine::cost_of(const StreamState& s, OpIndex op) const {
  const std::int64_t cost = flat(s).ops[op].payload;
  if (workload_.jitter.compute <= 0) return cost;
  Digest key;
  key.add(workload_.jitter.seed).add(s.rank).add(s.step).add(s.index).add(op);
  const Int128 z = KeyedRandom(key.value()).gaussian_q32();
  const auto deviation = static_cast<std::int64_t>(workload_.jitter.compute * 1e9 + 0.5);
  const Int128 noise = static_cast<Int128>(cost) * deviation / 1'000'000'000 * z / (std::int64_t{1} << 32);
  return std::max<std::int64_t>(0, cost + static_cast<std::int64_t>(noise));
}

// From the end of one step to the start of the next; false when there is none to go on with.
bool Engine::next_step(StreamState& s) {
  const bool is_last = s.step + 1 == static_cast<std::uint32_t>(workload_.steps);
  const bool is_main = s.index == kMainStream;
  if (is_main) stamp_pending(s, now_);
  RankState& rank = rank_of(s);
  if (is_last && source_) {
    s.status = StreamStatus::drained;
    if (--rank.unfinished == 0) ask_source(rank, RankId{s.rank});
    return false;
  }
  if (is_main) end_step(s);
  ++s.step;
  s.at = 0;
  s.wake_at = 0;
  if (!is_last) return true;
  s.status = StreamStatus::finished;
  --unfinished_;
  return false;
}

void Engine::end_step(StreamState& main) {
  const RankId id{main.rank};
  RankState& rank = ranks_[id];
  rank.previous_step_end = rank.step_end;
  rank.step_end = now_;
  rank.digest.add(static_cast<std::uint64_t>(now_.count_ps()));
  Time& latest = result_.step_ends[main.step];
  latest = std::max(latest, now_);
  const int next = static_cast<int>(main.step) + 1;
  if (next == workload_.steps) accounting_.stop(id);
  // The step before the measured one is counted too: whoever is late in the
  // measured one may have waited for the pipeline before.
  else if (next + 2 >= workload_.steps)
    accounting_.start(id, now_);
}

// Every stream of the rank has run dry.
void Engine::ask_source(RankState& rank, RankId id) {
  StreamState* const first = &streams_[rank.first_stream];
  if (accounting_.is_on(id)) {
    accounting_.bubble(id, accounting_.since(id), now_);  // of the main stream, idle since its own end
    accounting_.set_clock(id, now_);
  }
  std::vector<Stream> more = source_->more(id, now_);
  more.resize(rank.streams);
  const bool any = std::any_of(more.begin(), more.end(), [](const Stream& s) { return !s.ops.empty(); });
  if (any) {
    const Program& program = *rank.flat->program;
    rank.appended_streams = std::move(more);
    rank.appended =
        std::make_unique<FlatProgram>(program, ops_of(std::span<const Stream>(rank.appended_streams)), speeds_, true);
    rank.flat = rank.appended.get();
    rank.unfinished = rank.streams;
  } else {
    end_step(*first);
    unfinished_ -= rank.streams;
  }
  for (StreamState* s = first; s != first + rank.streams; ++s) {
    s->at = 0;
    s->status = any ? StreamStatus::ready : StreamStatus::finished;
    if (any)
      ready_.push_back(id_of(*s));
    else
      ++s->step;
  }
}

}  // namespace orrery::sim
