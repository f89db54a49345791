// What a cell does by itself, played in a time of its own: ahead of the others, to see
// how a stretch will go, or after them, to make up for a part of it.
//
// Nobody can tell: the cell's links are its own, outside streams wait for nothing before
// the stretch's end, and claims from outside are what has turned its course so far.
#include <algorithm>
#include <utility>

#include "sim/engine/impl.h"

namespace orrery::sim {

// The stretch does not go on as one: its members do what they have done of it so far.
void Engine::fall_apart(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  const std::span<const RankId> members = cells_->members(cell);
  courses_.count_tried(state.stretch->content, (*cells_)[cell].kind);
  play(cell, *std::exchange(state.course, nullptr), now_);
  for (std::size_t m = 0; m < members.size(); ++m) {
    for (const Turn& turn : state.news[m]) add_claim(main_of(members[m]), turn.claim, turn.starts);
    state.news[m].clear();
  }
  drain_ready();
}

// Sees how the stretch goes with these turns. Nothing of it has happened.
void Engine::rehearse(std::uint32_t cell, Course& course) {
  const CellState& state = cell_states_[cell];
  const std::span<const RankId> members = cells_->members(cell);
  const std::size_t ops = state.stretch->end - state.stretch->begin;
  courses_.count_tried(state.stretch->content, (*cells_)[cell].kind);
  course.starts.assign(ops, 0);
  course.ends.assign(ops, 0);
  course.spent = accounting_.spent(members.front());
  Rehearsal rehearsal{.cell = cell, .state = &state, .course = &course};
  keep(members);
  const std::uint64_t done = result_.ops;
  const std::size_t unfinished = unfinished_;
  rehearsal_ = &rehearsal;
  play(cell, course, Time::never());
  rehearsal_ = nullptr;
  course.state = is_over(rehearsal) ? Course::State::known : Course::State::open;
  put_back(members);
  result_.ops = done;
  unfinished_ = unfinished;
  if (course.state == Course::State::open) {  // nobody will ask
    course.starts = course.ends = {};
    course.flows = {};
    return;
  }
  // An action begins with the first op in it that takes time.
  const FlatStream& f = flat(main_of(members.front()));
  const OpIndex begin = state.stretch->begin, end = state.stretch->end;
  for (OpIndex op = begin; op < end; ++op)
    if (f.ahead[op].next_action == op && f.ahead[op].next_timed > op && f.ahead[op].next_timed < end)
      course.starts[op - begin] = course.starts[f.ahead[op].next_timed - begin];
}

// From the start of the stretch until all is quiet, or until `until` is over.
void Engine::play(std::uint32_t cell, const Course& course, Time until) {
  const std::span<const RankId> members = cells_->members(cell);
  const std::vector<Turn> turns = course.turns();
  const Time start = cell_states_[cell].start, present = std::exchange(now_, start);
  std::swap(events_, aside_);
  events_.restart();
  plays_ = true;
  for (const RankId member : members) {
    ranks_[member].speed = course.speed;
    StreamState& main = main_of(member);
    ++main.generation;  // the event that is due is the stretch's
    main.queued = Time::never();
    main.status = StreamStatus::ready;
    ready_.push_back(id_of(main));
  }
  drain_ready();
  if (network_touched_) settle_network();
  for (auto turn = turns.begin();;) {
    const Time at = turn != turns.end() ? start + turn->at : Time::never();
    const Time next = events_.empty() ? Time::never() : events_.next();
    if (std::min(at, next) > until || (events_.empty() && turn == turns.end())) break;
    now_ = std::min(at, next);
    if (next <= at) {
      events_.take(due_);
      handle_instant();
    } else {
      for (const RankId member : members) add_claim(main_of(member), turn->claim, turn->starts);
      ++turn;
      drain_ready();
    }
    if (network_touched_) settle_network();
  }
  plays_ = false;
  now_ = present;
  std::swap(events_, aside_);
  while (!aside_.empty()) {
    aside_.take(due_);
    for (const Event& event : due_) events_.push(event);
  }
}

void Engine::keep(std::span<const RankId> members) {
  kept_.resize(std::max(kept_.size(), members.size()));
  for (std::size_t m = 0; m < members.size(); ++m) {
    const RankState& rank = ranks_[members[m]];
    MemberState& kept = kept_[m];
    kept.streams.assign(&streams_[rank.first_stream], &streams_[rank.first_stream] + rank.streams);
    kept.speed = rank.speed;
    kept.unfinished = rank.unfinished;
    kept.pending_begin = rank.pending_begin;
    kept.digest = rank.digest;
    kept.spent = accounting_.page(members[m]);
    kept.memory = ledger_.mark(members[m]);
  }
}

void Engine::put_back(std::span<const RankId> members) {
  for (std::size_t m = 0; m < members.size(); ++m) {
    RankState& rank = ranks_[members[m]];
    const MemberState& kept = kept_[m];
    std::copy(kept.streams.begin(), kept.streams.end(), &streams_[rank.first_stream]);
    rank.speed = kept.speed;
    rank.unfinished = kept.unfinished;
    rank.pending_begin = kept.pending_begin;
    rank.digest = kept.digest;
    accounting_.put_back(members[m], kept.spent);
    ledger_.put_back(members[m], kept.memory);
  }
}

bool Engine::is_inside(const StreamState& s) const {
  const std::vector<StreamIndex>& inside = cells_->inside((*cells_)[rank_of(s).cell].program).streams;
  return s.index == kMainStream || std::find(inside.begin(), inside.end(), s.index) != inside.end();
}

// Streams outside do not go on in a rehearsal, nor does anything behind the stretch.
bool Engine::stands_aside(const StreamState& s) const {
  return !is_inside(s) || (s.index == kMainStream && s.at >= rehearsal_->state->stretch->end);
}

// The main stream that is looked at, for all of the cell.
bool Engine::is_rehearsed(const StreamState& s) const {
  return s.index == kMainStream && cells_->members(rehearsal_->cell).front().value == s.rank;
}

// Local ops [s.at, end) have passed.
void Engine::see_ops(const StreamState& s, OpIndex end, const RunClock& clock) {
  rehearsal_->latest = std::max(rehearsal_->latest, now_);
  if (!is_rehearsed(s)) return;
  for (OpIndex op = s.at; op < end; ++op) see(op, clock.start_of(op), clock.end_of(op));
}

// So have the transfers [s.at, s.until), now.
void Engine::see_transfers(const StreamState& s) {
  rehearsal_->latest = std::max(rehearsal_->latest, now_);
  if (!is_rehearsed(s)) return;
  for (OpIndex op = s.at; op < s.until; ++op) see(op, s.op_start, now_);
}

void Engine::see(OpIndex op, Time start, Time end) {
  const Stretch& stretch = *rehearsal_->state->stretch;
  rehearsal_->course->starts[op - stretch.begin] = (start - rehearsal_->state->start).count_ps();
  rehearsal_->course->ends[op - stretch.begin] = (end - rehearsal_->state->start).count_ps();
}

// A phase has flowed, until now.
void Engine::see_flow(const Meeting& meeting) {
  const Time start = rehearsal_->state->start;
  rehearsal_->course->flows.push_back({meeting.transfer, meeting.phase, meeting.flow_start - start, now_ - start});
}

// A main stream has come to s.at: perhaps the end of the stretch.
void Engine::see_end(const StreamState& s) {
  if (s.index != kMainStream || s.at != rehearsal_->state->stretch->end) return;
  if (rehearsal_->ended++ == 0) rehearsal_->first_end = now_;
  if (!is_rehearsed(s)) return;
  Accounting::Row& spent = rehearsal_->course->spent;
  const Accounting::Row now = accounting_.spent(RankId{s.rank});
  for (std::size_t i = 0; i < spent.size(); ++i) spent[i] = now[i] - spent[i];
  if (accounting_.since(RankId{s.rank}) != now_) spent.back() = -1;  // not all is in it
}

// Whether all members came to the end at one instant, with nothing left to do.
bool Engine::is_over(const Rehearsal& rehearsal) const {
  const CellState& state = *rehearsal.state;
  const Course& course = *rehearsal.course;
  const std::span<const RankId> members = cells_->members(rehearsal.cell);
  const bool at_once = rehearsal.ended == members.size() && rehearsal.latest == rehearsal.first_end &&
                       rehearsal.first_end > state.start && rehearsal.first_end - state.start == course.length();
  return at_once && course.spent.back() == 0 && std::all_of(members.begin(), members.end(), [&](RankId member) {
           const StreamState& main = streams_[ranks_[member].first_stream];
           return std::all_of(state.stretch->sides.begin(), state.stretch->sides.end(), [&](const SideOps& side) {
             return stands_at(main, {side.stream, side.end, side.end});
           });
         });
}

}  // namespace orrery::sim
