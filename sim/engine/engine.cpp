#include "sim/engine/engine.h"

#include <algorithm>

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
  if (!ready_.empty() || !moved_.empty()) drain_ready();
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
    if (cells_ && s.index == kMainStream && may_gather && gather(s)) return;
    if (!is_local(op.kind)) return start_transfers(s);
    if (!start_run(s)) return;
  }
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
    s->flat = &rank.flat->streams[s->index];
    s->status = any ? StreamStatus::ready : StreamStatus::finished;
    if (any)
      ready_.push_back(id_of(*s));
    else
      ++s->step;
  }
}

}  // namespace orrery::sim
