// What ranks do together: ops enter meetings, meetings become transfers, phases
// pass, claims slow the kernels beside them.
#include <algorithm>

#include "sim/engine/impl.h"
#include "sim/phase.h"

namespace orrery::sim {

// Enters the collective or copy at s.at, or the group of sends and receives that
// starts there, once all that they wait for is done.
void Engine::start_transfers(StreamState& s) {
  const FlatStream& f = flat(s);
  const OpIndex end = is_point_to_point(f.ops[s.at].kind) ? group_end(f.ops, s.at) : s.at + 1;
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
  if (may_defer_ && defer_begin(index)) return;
  plan_event(index, meeting.latest);
}

// A collective of main streams that takes nothing from other kernels: nobody can
// tell when it begins, only when it ends. If its links are free its end is known
// now, and one event does for all.
bool Engine::defer_begin(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  if (meeting.alone) network_.end(now_, meeting.activity);
  meeting.alone = false;
  meeting.activity = kNone;
  if (!meeting.plan) meetings_.begin(index);
  meeting.phase = 0;
  meeting.deferred = true;
  const Time at = meeting.latest + skip_to_flow(meeting);
  if (meeting.phase == meeting.plan->phases.size()) {
    plan_event(index, at);
    return true;
  }
  if (start_alone(index, at)) return true;
  meeting.phase = 0;
  meeting.deferred = false;
  return false;
}

// What a deferred begin would have done, as of when it was due.
void Engine::catch_up(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  meeting.deferred = false;
  const Time now = now_;
  now_ = meeting.latest;
  join(index);
  now_ = now;
}

// The speed of kernels has changed under a run that leads into a collective.
void Engine::move_arrival(const StreamState& s, Time arrival) {
  Meeting& meeting = meetings_[s.meeting];
  for (Participant& who : meeting.who)
    if (who.stream == id_of(s)) who.arrival = arrival;
  if (meeting.moved || !meetings_.is_complete(s.meeting)) return;
  meeting.moved = true;
  moved_.push_back(s.meeting);
}

// Claims mostly come to all members of a group at once: their meeting is planned
// anew when the last of them has moved.
void Engine::plan_moved() {
  for (const std::uint32_t meeting : moved_) {
    meetings_[meeting].moved = false;
    begin_at_last_arrival(meeting);
  }
  moved_.clear();
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
  const StreamState& main = streams_[ranks_[rank].first_stream];
  if (main.status == StreamStatus::arriving && meetings_[main.meeting].deferred &&
      meetings_[main.meeting].latest < now_)
    catch_up(main.meeting);
  const Time from = accounting_.bubble_from(rank), to = accounting_.bubble_to(rank);
  const bool first = meeting.who.size() == 1 || now_ > meeting.latest;
  if (!first && (to < meeting.bubble_to || (to == meeting.bubble_to && from >= meeting.bubble_from))) return;
  meeting.latest = now_;
  meeting.bubble_from = from;
  meeting.bubble_to = to;
}

// All have arrived.
void Engine::begin(std::uint32_t index) {
  if (!meetings_[index].plan) meetings_.begin(index);
  join(index);
  proceed(index);
}

void Engine::join(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  meeting.met = now_;
  meeting.begun = true;
  if (meeting.any_ahead) note_last_arrivals(meeting);
  const bool is_last_step =
      streams_[meeting.who.front().stream].step + 1 == static_cast<std::uint32_t>(workload_.steps);
  meeting.measured = is_last_step && !rehearsal_;
  const bool slows = speeds_.slows(meeting.plan->claim);
  for (const Participant& who : meeting.who) {
    StreamState& s = streams_[who.stream];
    settle(s, meeting.bubble_from, meeting.bubble_to);
    if (s.status == StreamStatus::arriving) arrive(s, who.arrival);
    ++s.flowing;
    if (slows && rank_of(s).flat->slows_others(s.index)) add_claim(s, meeting.plan->claim, true);
  }
}

// From the start of a phase to the next that flows over links, or to the end.
void Engine::proceed(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Duration delay = skip_to_flow(meeting);
  const bool ends = meeting.phase == meeting.plan->phases.size();
  if (!ends && !options_.trace && start_alone(index, now_ + delay)) return;
  if (delay > Duration()) return plan_event(index, now_ + delay);
  ends ? finish(index) : start_flow(index);
}

// Moves on to the phase that flows over links, or behind the last; returns the time until it does.
Duration Engine::skip_to_flow(Meeting& meeting) const {
  const std::vector<Phase>& phases = meeting.plan->phases;
  Duration delay;
  for (; meeting.phase < phases.size(); ++meeting.phase) {
    const Phase& phase = phases[meeting.phase];
    delay += phase.latency;
    if (flows(phase)) break;
    delay += own_time(phase);
  }
  return delay;
}

// On links that are free, latency and flow are one event.
bool Engine::start_alone(std::uint32_t index, Time at) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  Duration time = meetings_.time_alone(meeting);
  if (time < Duration() || meeting.flowed) {
    time = network_.time_alone(phase);
    if (!meeting.flowed) meetings_.time_alone(meeting) = time;
  }
  if (time > Time::never() - at) return false;
  const FlowNet::ActivityId activity = network_.start_alone(at, phase);
  if (activity == FlowNet::nobody()) return false;
  meeting.activity = activity;
  meeting.flow_start = at;
  meeting.alone = true;
  if (activity >= meeting_of_.size()) meeting_of_.resize(activity + 1u);
  meeting_of_[activity] = index;
  plan_event(index, at + time);
  return true;
}

// One event stands for a meeting. What is put off, as when kernels slow down that
// lead into it, needs no other: the event finds out that it has come too early.
void Engine::plan_event(std::uint32_t index, Time when) {
  Meeting& meeting = meetings_[index];
  meeting.due = when;
  if (meeting.queued <= when) return;
  meeting.queued = when;
  events_.push({when, static_cast<std::uint32_t>(streams_.size() + index), ++meeting.generation});
}

// The meeting's event has come.
void Engine::look_after(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  meeting.queued = Time::never();
  meeting.due > now_ ? plan_event(index, meeting.due) : transfer_event(index);
}

void Engine::start_flow(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  meeting.activity = network_.start(now_, phase);
  meeting.flow_start = now_;
  if (meeting.activity >= meeting_of_.size()) meeting_of_.resize(meeting.activity + 1u);
  if (!network_.disturbed().empty()) settle_disturbed();
  meeting_of_[meeting.activity] = index;
  network_touched_ = true;
  if (meeting.measured) count_link_use(phase, true, now_);
}

// Others have come to links of transfers that counted on being alone.
void Engine::settle_disturbed() {
  for (const FlowNet::ActivityId activity : network_.disturbed()) {
    const std::uint32_t index = meeting_of_[activity];
    Meeting& meeting = meetings_[index];
    meeting.alone = false;
    const bool begins_later = meeting.deferred && meeting.latest > now_;
    if (meeting.deferred && !begins_later) catch_up(index);
    if (meeting.flow_start <= now_) {
      if (meeting.measured) count_link_use(meeting.plan->phases[meeting.phase], true, meeting.flow_start);
      continue;
    }
    meeting.activity = kNone;
    meeting.deferred = false;
    if (begins_later) meeting.phase = 0;
    plan_event(index, begins_later ? meeting.latest : meeting.flow_start);
  }
  network_.clear_disturbed();
}

void Engine::transfer_event(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  if (meeting.deferred) {
    catch_up(index);
  } else if (!meeting.begun) {
    return begin(index);
  }
  if (meeting.activity != kNone) return end_flow(index);
  meeting.phase < meeting.plan->phases.size() ? start_flow(index) : finish(index);
}

void Engine::end_flow(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  network_.end(now_, meeting.activity);
  if (!meeting.alone) network_touched_ = true;
  if (meeting.measured)
    meeting.alone ? count_link_use_alone(phase, now_ - meeting.flow_start) : count_link_use(phase, false, now_);
  if (options_.trace) sample_later(phase);
  if (rehearsal_) see_flow(meeting);
  meeting.alone = false;
  meeting.activity = kNone;
  meeting.flowed = true;
  ++meeting.phase;
  proceed(index);
}

void Engine::finish(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  const bool slows = speeds_.slows(meeting.plan->claim);
  for (const Participant& who : meeting.who) {
    StreamState& s = streams_[who.stream];
    if (slows && rank_of(s).flat->slows_others(s.index)) add_claim(s, meeting.plan->claim, false);
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
  if (rehearsal_) see_transfers(s);
  s.at = s.until;
  s.status = StreamStatus::ready;
  if (rehearsal_) see_end(s);
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
    const Meeting& meeting = meetings_[index];
    if (options_.trace) sample_later(meeting.plan->phases[meeting.phase]);
    plan_event(index, completion.when);
  }
  if (options_.trace) sample_links();
}

// Activities of the measured step alone: an overhang of the step before is that
// step's, and the measured step's own overhang counts.
void Engine::count_link_use(const Phase& phase, bool starts, Time when) {
  for (const LinkUse& use : *phase.uses) {
    std::uint32_t& users = link_users_[use.link.value];
    if (starts) {
      if (users++ == 0) link_busy_since_[use.link.value] = when;
      continue;
    }
    result_.link_bytes[use.link] += phase.bytes * use.connections;
    if (--users == 0) result_.link_busy[use.link] += when - link_busy_since_[use.link.value];
  }
}

void Engine::count_link_use_alone(const Phase& phase, Duration busy) {
  for (const LinkUse& use : *phase.uses) {
    result_.link_bytes[use.link] += phase.bytes * use.connections;
    result_.link_busy[use.link] += busy;
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
  const StreamState& main = sibling(s, kMainStream);
  if (main.status == StreamStatus::passing) return note_turn(main, claim, starts);
  for (const StreamIndex i : rank.flat->feeling) {
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
  leave_behind(s, op);
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
