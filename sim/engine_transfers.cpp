// What ranks do together: ops enter meetings, meetings become transfers, phases
// pass, claims slow the kernels beside them.
#include <algorithm>

#include "sim/engine_impl.h"

namespace orrery::sim {

namespace {

bool flows(const Phase& phase) {
  return phase.bytes.n > 0 && phase.uses && !phase.uses->empty();
}

// Of a phase that shares nothing.
Duration own_time(const Phase& phase) {
  return phase.bytes.n > 0 && phase.max_rate.n > 0 ? phase.bytes / phase.max_rate : Duration();
}

}  // namespace

// Enters the collective or copy at s.at, or the group of sends and receives that
// starts there, once all that they wait for is done.
void Engine::start_transfers(StreamState& s) {
  const FlatStream& f = flat(s);
  const OpIndex end = is_point_to_point(f.ops[s.at].kind) ? f.group_end(s.at) : s.at + 1;
  std::uint16_t transfers = 0;
  for (OpIndex op = s.at; op < end; ++op) {
    if (!is_met(s, f.ops[op])) return block(s, op);
    if (!is_local(f.ops[op].kind)) ++transfers;
  }
  if (s.index == kMainStream) stamp_pending(s, now_);
  s.status = StreamStatus::meeting;
  s.op_start = now_;
  s.until = end;
  s.open = transfers;
  s.flowing = 0;
  if (options_.trace) met_[id_of(s)].assign(end - s.at, now_);
  // The last to enter may end the group at once and move s.at.
  for (OpIndex op = s.at; op < end; ++op)
    if (!is_local(f.ops[op].kind)) enter(s, op);
}

void Engine::enter(StreamState& s, OpIndex index) {
  const Op& op = flat(s).ops[index];
  const auto transfer = static_cast<std::size_t>(op.payload);
  const RankId rank{s.rank};
  const Participant who{id_of(s), index, now_};
  std::uint32_t meeting = kNone;
  if (op.kind == OpKind::collective) {
    meeting = meetings_.collective(rank, s.index, rank_of(s).flat->program->transfers[transfer], who);
  } else if (op.kind == OpKind::copy) {
    meeting = meetings_.copy(rank, transfer, who);
  } else {
    meeting = meetings_.post(rank, transfer, op.kind == OpKind::send, who);
  }
  if (meeting == kNone) return;  // never met: the run ends stuck here
  note_arrival(meetings_[meeting], rank);
  if (!meetings_.is_complete(meeting)) return;
  if (meetings_[meeting].any_ahead) return begin_at_last_arrival(meeting);
  begin(meeting);
}

// The main stream's run leads straight into a collective: it enters now and
// arrives when the run ends. That end needs no event of its own; if all members
// do so, the whole meeting needs one. Only for the main stream: while it runs,
// nothing else can change where its rank last waited (note_last_arrivals).
void Engine::enter_ahead(StreamState& s, Time arrival) {
  const auto transfer = static_cast<std::size_t>(flat(s).ops[s.until].payload);
  const Participant who{id_of(s), s.until, arrival};
  s.meeting = meetings_.collective(RankId{s.rank}, s.index, rank_of(s).flat->program->transfers[transfer], who);
  if (s.meeting == kNone) {
    s.status = StreamStatus::running;
    return schedule(s, arrival);
  }
  s.status = StreamStatus::arriving;
  meetings_[s.meeting].any_ahead = true;
  if (meetings_.is_complete(s.meeting)) begin_at_last_arrival(s.meeting);
}

void Engine::begin_at_last_arrival(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  meeting.latest = Time();
  for (const Participant& who : meeting.who) meeting.latest = std::max(meeting.latest, who.arrival);
  events_.push({meeting.latest, static_cast<std::uint32_t>(streams_.size() + index), ++meeting.generation});
}

// The speed of kernels has changed under a run that leads into a collective.
void Engine::move_arrival(const StreamState& s, Time arrival) {
  for (Participant& who : meetings_[s.meeting].who)
    if (who.stream == id_of(s)) who.arrival = arrival;
  if (meetings_.is_complete(s.meeting)) begin_at_last_arrival(s.meeting);
}

// The run of an arriving stream is over: it is in the collective behind, since `arrival`.
void Engine::arrive(StreamState& s, Time arrival) {
  pass(s, s.until);
  stamp_pending(s, arrival);
  s.status = StreamStatus::meeting;
  s.op_start = arrival;
  s.until = s.at + 1;
  s.open = 1;
  s.flowing = 0;
  if (options_.trace) met_[id_of(s)].assign(1, arrival);
}

// Nothing is due and not all are done: those on their way to a collective that
// never begins arrive there.
void Engine::arrive_all() {
  for (StreamState& s : streams_) {
    if (s.status != StreamStatus::arriving) continue;
    const Time arrival = clock_of(s).end_of(s.until - 1);
    now_ = std::max(now_, arrival);
    arrive(s, arrival);
  }
}

void Engine::note_last_arrivals(Meeting& meeting) {
  meeting.bubble_from = meeting.bubble_to = Time();
  for (const Participant& who : meeting.who)
    if (who.arrival == now_) note_arrival(meeting, RankId{streams_[who.stream].rank});
}

// Of several that come last at one instant, the one whose bubble ended last (then:
// was longest) speaks for all, so that the order of arrival within an instant
// does not matter.
void Engine::note_arrival(Meeting& meeting, RankId rank) {
  const Time from = accounting_.bubble_from(rank), to = accounting_.bubble_to(rank);
  const bool first = meeting.who.size() == 1 || now_ > meeting.latest;
  if (!first && (to < meeting.bubble_to || (to == meeting.bubble_to && from >= meeting.bubble_from))) return;
  meeting.latest = now_;
  meeting.bubble_from = from;
  meeting.bubble_to = to;
}

// All have arrived.
void Engine::begin(std::uint32_t index) {
  meetings_.begin(index);
  Meeting& meeting = meetings_[index];
  meeting.met = now_;
  if (meeting.any_ahead) note_last_arrivals(meeting);
  meeting.measured = streams_[meeting.who.front().stream].step + 1 == static_cast<std::uint32_t>(workload_.steps);
  const bool slows = speeds_.slows(meeting.plan->claim);
  for (const Participant& who : meeting.who) {
    StreamState& s = streams_[who.stream];
    settle(s, meeting.bubble_from, meeting.bubble_to);
    if (s.status == StreamStatus::arriving) arrive(s, who.arrival);
    ++s.flowing;
    if (slows) add_claim(s, meeting.plan->claim, true);
  }
  proceed(index);
}

// From the start of a phase to the next that flows over links, or to the end.
void Engine::proceed(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const std::vector<Phase>& phases = meeting.plan->phases;
  Duration delay;
  for (; meeting.phase < phases.size(); ++meeting.phase) {
    const Phase& phase = phases[meeting.phase];
    delay += phase.latency;
    if (flows(phase)) break;
    delay += own_time(phase);
  }
  if (delay > Duration()) {
    const auto id = static_cast<std::uint32_t>(streams_.size() + index);
    events_.push({now_ + delay, id, ++meeting.generation});
  } else if (meeting.phase < phases.size()) {
    start_flow(index);
  } else {
    finish(index);
  }
}

void Engine::start_flow(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  meeting.activity = network_.start(now_, phase);
  if (meeting.activity >= meeting_of_.size()) meeting_of_.resize(meeting.activity + 1u);
  meeting_of_[meeting.activity] = index;
  network_touched_ = true;
  if (meeting.measured) count_link_use(phase, true);
}

void Engine::transfer_event(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  if (!meeting.plan) return begin(index);
  const std::vector<Phase>& phases = meeting.plan->phases;
  if (meeting.activity == kNone) return meeting.phase < phases.size() ? start_flow(index) : finish(index);
  const Phase& phase = phases[meeting.phase];
  network_.end(now_, meeting.activity);
  network_touched_ = true;
  meeting.activity = kNone;
  if (meeting.measured) count_link_use(phase, false);
  if (options_.trace) sample_later(phase);
  ++meeting.phase;
  proceed(index);
}

void Engine::finish(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  const bool slows = speeds_.slows(meeting.plan->claim);
  for (const Participant& who : meeting.who) {
    StreamState& s = streams_[who.stream];
    if (slows) add_claim(s, meeting.plan->claim, false);
    leave(s, who.op, meeting.met);
  }
  meetings_.release(index);
}

// One transfer of the stream's has ended; with the last of its group the stream goes on.
void Engine::leave(StreamState& s, OpIndex op, Time met) {
  settle(s);
  --s.flowing;
  if (options_.trace) met_[id_of(s)][op - s.at] = met;
  if (--s.open > 0) return;
  if (options_.trace && options_.trace->wants(RankId{s.rank})) trace_transfers(s);
  result_.ops += s.until - s.at;
  s.at = s.until;
  s.status = StreamStatus::ready;
  wake_waiters(s);
  ready_.push_back(id_of(s));
}

// All of this instant has been said: the network finds its new rates.
void Engine::settle_network() {
  network_touched_ = false;
  changed_.clear();
  network_.settle(now_, changed_);
  for (const FlowNet::Completion& completion : changed_) {
    const std::uint32_t index = meeting_of_[completion.activity];
    Meeting& meeting = meetings_[index];
    ++meeting.generation;
    if (options_.trace) sample_later(meeting.plan->phases[meeting.phase]);
    if (completion.when == Time::never()) continue;
    events_.push({completion.when, static_cast<std::uint32_t>(streams_.size() + index), meeting.generation});
  }
  if (options_.trace) sample_links();
}

// Activities of the measured step alone: an overhang of the step before is that
// step's, and the measured step's own overhang counts.
void Engine::count_link_use(const Phase& phase, bool starts) {
  for (const LinkUse& use : *phase.uses) {
    std::uint32_t& users = link_users_[use.link.value];
    if (starts) {
      if (users++ == 0) link_busy_since_[use.link.value] = now_;
      continue;
    }
    result_.link_bytes[use.link] += phase.bytes * use.connections;
    if (--users == 0) result_.link_busy[use.link] += now_ - link_busy_since_[use.link.value];
  }
}

void Engine::sample_later(const Phase& phase) {
  for (const LinkUse& use : *phase.uses) links_to_sample_.push_back(use.link);
}

void Engine::sample_links() {
  std::sort(links_to_sample_.begin(), links_to_sample_.end());
  for (const LinkId link : links_to_sample_) {
    const BytesPerSecond load = network_.load(link);
    if (load == link_sampled_[link.value]) continue;
    link_sampled_[link.value] = load;
    options_.trace->link({link, now_, load});
  }
  links_to_sample_.clear();
}

// A transfer with a claim starts or ends on the rank of `s`.
void Engine::add_claim(StreamState& s, std::uint8_t claim, bool starts) {
  RankState& rank = rank_of(s);
  rank.speed = starts ? speeds_.plus(rank.speed, claim) : speeds_.minus(rank.speed, claim);
  for (StreamIndex i = 0; i < rank.streams; ++i) {
    StreamState& other = sibling(s, i);
    const bool runs = other.status == StreamStatus::running || other.status == StreamStatus::arriving;
    if (runs) change_speed(other, rank.speed);
  }
}

// Cuts a run at the op in progress and plans the rest of it at the new speed.
void Engine::change_speed(StreamState& s, SpeedIndex speed) {
  const FlatStream& f = flat(s);
  const OpIndex op = op_in_progress(s);
  if (op == s.until) return;  // all done: its event is due now
  settle(s);
  if (op > s.at) {
    const Time start = clock_of(s).start_of(op);
    pass(s, op);
    s.op_start = s.mark = start;
    s.work_left = f.ops[op].payload;
  }
  const KernelClass kernel_class = f.ops[op].kernel_class();
  const std::uint32_t before = speeds_.permille(s.speed, kernel_class), after = speeds_.permille(speed, kernel_class);
  if (before != after) {
    s.work_left -= std::min(s.work_left, work_done((now_ - s.mark).count_ps(), before));
    s.mark = now_;
  }
  s.first_end = s.mark + Duration::ps(slowed(s.work_left, after));
  s.speed = speed;
  const Time end = clock_of(s).end_of(s.until - 1);
  s.status == StreamStatus::arriving ? move_arrival(s, end) : schedule(s, end);
}

OpIndex Engine::op_in_progress(const StreamState& s) {
  const RunClock clock = clock_of(s);
  if (now_ < clock.first_end) return s.at;
  OpIndex low = s.at + 1, high = s.until;  // the first op that ends after now lies in [low, high]
  while (low < high) {
    const OpIndex middle = low + (high - low) / 2;
    if (clock.end_of(middle) > now_) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace orrery::sim
