// Ranks come to what they do together: ops enter meetings, runs that lead into a
// collective arrive at their end, and the last to come sets when a meeting begins.
#include <algorithm>

#include "sim/engine/impl.h"

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
  const RankId rank{s.rank};
  const std::uint32_t meeting = meetings_.enter(rank, s.index, op, {id_of(s), index, now_});
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
  s.meeting = meetings_.enter(RankId{s.rank}, s.index, flat(s).ops[s.until], {id_of(s), s.until, arrival});
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

// Nothing is due and not all are done: those on their way to what never begins, or is never done, arrive there.
void Engine::arrive_all() {
  for (StreamState& s : streams_) {
    const bool arrives = s.status == StreamStatus::arriving;
    const bool waits = s.status == StreamStatus::running && s.waits_on != kNoStream;
    if (!arrives && !waits) continue;
    const Time arrival = clock_of(s).end_of(s.until - 1);
    now_ = std::max(now_, arrival);
    arrives ? arrive(s, arrival) : come_to_wait(s);
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

}  // namespace orrery::sim
