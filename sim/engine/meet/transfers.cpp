// What has met becomes a transfer: it begins, its phases pass, flows come and go,
// and at its end the streams go on.
#include "sim/engine/impl.h"
#include "sim/phase.h"

namespace orrery::sim {

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
  const Time at = meeting.latest + meeting.skip_to_flow();
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
    if (slows && flat(s).slows_others) add_claim(s, meeting.plan->claim, true);
  }
}

// From the start of a phase to the next that flows over links, or to the end.
void Engine::proceed(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Duration delay = meeting.skip_to_flow();
  const bool ends = meeting.phase == meeting.plan->phases.size();
  if (!ends && !options_.trace && start_alone(index, now_ + delay)) return;
  if (delay > Duration()) return plan_event(index, now_ + delay);
  ends ? finish(index) : start_flow(index);
}

// On links that are free, latency and flow are one event.
bool Engine::start_alone(std::uint32_t index, Time at) {
  const std::optional<Duration> time = meetings_.start_alone(index, at, network_);
  if (!time) return false;
  const FlowNet::ActivityId activity = meetings_[index].activity;
  if (activity >= meeting_of_.size()) meeting_of_.resize(activity + 1u);
  meeting_of_[activity] = index;
  plan_event(index, at + *time);
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
  if (meeting.measured) link_counts_.start(phase, now_);
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
      if (meeting.measured) link_counts_.start(meeting.plan->phases[meeting.phase], meeting.flow_start);
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
    meeting.alone ? LinkCounts::add_alone(phase, now_ - meeting.flow_start, 1, result_.links)
                  : link_counts_.end(phase, now_, result_.links);
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
    if (slows && flat(s).slows_others) add_claim(s, meeting.plan->claim, false);
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

}  // namespace orrery::sim
