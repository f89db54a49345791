#include "sim/leaps/meet/flights.h"

namespace orrery::sim {

Flights::Flights(const Workload& workload, Meetings& meetings)
    : meetings_(meetings), network_(workload.links), counts_(workload.links.size()), loads_(workload.links.size()) {}

void Flights::begin(std::uint32_t index, bool measured) {
  meetings_.begin(index);
  meetings_[index].measured = measured;
  phases_ += meetings_[index].plan->phases.size();
  if (!proceed(index, meetings_[index].latest)) plan(index, now_);
}

void Flights::go_on() {
  now_ = events_.take(due_);
  next_ = 0;
}

// In order of ids, what is planned for this instant meanwhile in its place.
std::optional<Event> Flights::next_event() {
  const bool any_due = next_ < due_.size();
  if (events_.any_immediate() && (!any_due || events_.comes_before(due_[next_]))) return events_.pop_immediate();
  if (any_due) return due_[next_++];
  return std::nullopt;
}

std::optional<std::uint32_t> Flights::next_ended() {
  while (const std::optional<Event> event = next_event()) {
    if (meetings_[event->id].generation == event->generation && is_over(event->id)) return event->id;
  }
  return std::nullopt;
}

// What the meeting's event is for. It may be due later than it was: then that is when it is asked again.
bool Flights::is_over(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  meeting.queued = Time::never();
  if (meeting.due > now_) {
    plan(index, meeting.due);
    return false;
  }
  if (meeting.activity != kNone) {
    end_flow(index);
  } else if (meeting.phase < meeting.plan->phases.size()) {
    start_flow(index);
    return false;
  }
  return !proceed(index, now_);
}

// From the start of a phase to the next that flows over links, or to the end. False if that is now.
bool Flights::proceed(std::uint32_t index, Time from) {
  Meeting& meeting = meetings_[index];
  from = from + meeting.skip_to_flow();
  const bool is_last = meeting.phase == meeting.plan->phases.size();
  if (is_last && from == now_) return false;
  if (is_last || !start_alone(index, from)) plan(index, from);
  return true;
}

// On links that are free, latency and flow are one event.
bool Flights::start_alone(std::uint32_t index, Time at) {
  const std::optional<Duration> time = meetings_.start_alone(index, at, network_);
  if (!time) return false;
  own(meetings_[index].activity, index);
  plan(index, at + *time);
  return true;
}

void Flights::start_flow(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  meeting.due = Time::never();
  const FlowNet::ActivityId activity = network_.start(now_, phase);
  meeting.flow_start = now_;
  if (!network_.disturbed().empty()) settle_disturbed();
  own(activity, index);
  network_touched_ = true;
  if (meeting.measured) counts_.start(phase, now_);
}

void Flights::end_flow(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const Phase& phase = meeting.plan->phases[meeting.phase];
  network_.end(now_, meeting.activity);
  if (!meeting.alone) network_touched_ = true;
  if (meeting.measured)
    meeting.alone ? LinkCounts::add_alone(phase, now_ - meeting.flow_start, 1, loads_)
                  : counts_.end(phase, now_, loads_);
  meeting.alone = false;
  meeting.activity = kNone;
  meeting.flowed = true;
  ++meeting.phase;
}

// Others have come to links of transfers that counted on being alone.
void Flights::settle_disturbed() {
  for (const FlowNet::ActivityId activity : network_.disturbed()) {
    const std::uint32_t index = meeting_of_[activity];
    Meeting& meeting = meetings_[index];
    meeting.alone = false;
    if (meeting.flow_start <= now_) {
      if (meeting.measured) counts_.start(meeting.plan->phases[meeting.phase], meeting.flow_start);
      continue;
    }
    meeting.activity = kNone;
    plan(index, meeting.flow_start);
  }
  network_.clear_disturbed();
}

void Flights::settle() {
  if (!network_touched_) return;
  network_touched_ = false;
  changed_.clear();
  network_.settle(now_, changed_);
  for (const FlowNet::Completion& completion : changed_) plan(meeting_of_[completion.activity], completion.when);
}

void Flights::own(FlowNet::ActivityId activity, std::uint32_t meeting) {
  if (activity >= meeting_of_.size()) meeting_of_.resize(activity + 1u);
  meeting_of_[activity] = meeting;
  meetings_[meeting].activity = activity;
}

// One event stands for a meeting: what is put off finds out when it comes.
void Flights::plan(std::uint32_t index, Time when) {
  Meeting& meeting = meetings_[index];
  meeting.due = when;
  if (meeting.queued <= when) return;
  meeting.queued = when;
  events_.push({when, index, ++meeting.generation});
}

}  // namespace orrery::sim
