// Stretches that a cell goes through undisturbed: the first time they are watched, from
// then on each is one event for all members of the cell.
#include <algorithm>
#include <tuple>

#include "sim/engine_impl.h"
#include "sim/phase.h"

namespace orrery::sim {

void Engine::prepare_stretches() {
  cells_.emplace(workload_, programs_, speeds_);
  cell_states_.resize(cells_->size());
  for (std::uint32_t p = 0; p < programs_.size(); ++p) {
    const Cells::Inside& inside = cells_->inside({p});
    const bool any = inside.kinds > 0 && !ledger_.breaks_runs({p});
    stretches_.add(any ? Stretches(programs_[p], inside) : Stretches());
    const Stretches& stretches = stretches_[ProgramId{p}];
    for (const Stretch& stretch : stretches.all()) {
      programs_[p].streams[kMainStream].break_before(stretch.begin);
      programs_[p].streams[kMainStream].break_before(stretch.end);
    }
    courses_.add(std::vector<Course>(std::size_t{stretches.contents()} * inside.kinds));
  }
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    const std::uint32_t cell = cells_->of({r});
    if (cell == Cells::none() || !(*cells_)[cell].has_stretches) continue;
    ranks_[RankId{r}].cell = cell;
    cell_states_[cell].gone_by.resize(stretches_[(*cells_)[cell].program].contents());
  }
}

// Whether the main stream `s` stands before a stretch that its cell may go through as
// one. Then it waits here for the others, until this instant is over.
bool Engine::gather(StreamState& s) {
  const std::uint32_t cell = rank_of(s).cell;
  if (cell == Cells::none()) return false;
  const Cells::Cell& of = (*cells_)[cell];
  const Stretches& stretches = stretches_[of.program];
  const std::uint32_t number = stretches.starting_at(s.at);
  if (number == Stretches::kNone) return false;
  const Stretch& stretch = stretches.all()[number];
  CellState& state = cell_states_[cell];
  Course& course = courses_[of.program][std::size_t{stretch.content} * cells_->inside(of.program).kinds + of.kind];
  if (course.state == Course::State::open || course.state == Course::State::watched) return false;
  if (state.course || !may_pass(s, stretch)) return false;
  if (!state.gathered.empty() && state.stretch != &stretch) return false;
  if (state.gathered.empty()) gathering_.push_back(cell);
  state.stretch = &stretch;
  state.gathered.push_back(id_of(s));
  s.status = StreamStatus::gathered;
  if (state.gathered.size() == cells_->members(cell).size()) {
    gathering_.erase(std::find(gathering_.begin(), gathering_.end(), cell));
    state.course = &course;
    go_through(cell);
  }
  return true;
}

// Whether nothing but the cell can come to the rank before the end of the stretch.
bool Engine::may_pass(const StreamState& main, const Stretch& stretch) const {
  const RankState& rank = rank_of(main);
  const RankId id{main.rank};
  if (rank.speed != kFullSpeed || !accounting_.is_on(id) || accounting_.since(id) != now_) return false;
  const Cells::Inside& inside = cells_->inside((*cells_)[rank.cell].program);
  return std::all_of(stretch.sides.begin(), stretch.sides.end(),
                     [&](const SideOps& side) {
                       return stands_at(main, {side.stream, side.begin, side.begin});
                     }) &&
         std::all_of(inside.guarded.begin(), inside.guarded.end(),
                     [&](StreamIndex guarded) { return stands_until(main, sibling(main, guarded), stretch.end - 1); });
}

// Whether a side stream has done its ops before `side.begin` and waits for the main stream.
bool Engine::stands_at(const StreamState& main, const SideOps& side) const {
  const StreamState& s = sibling(main, side.stream);
  const bool waits = s.status == StreamStatus::ready || s.status == StreamStatus::finished ||
                     (s.status == StreamStatus::blocked && s.waits_on == kMainStream);
  const bool is_there = side.begin == flat(s).size() ? s.step > main.step || s.at == side.begin
                                                     : s.step == main.step && s.at == side.begin;
  return waits && is_there;
}

// Whether a side stream does nothing before the main stream has done `op`.
bool Engine::stands_until(const StreamState& main, const StreamState& side, OpIndex op) const {
  if (side.status == StreamStatus::finished) return true;
  if (side.status != StreamStatus::blocked || side.waits_on != kMainStream) return false;
  const Op& waiting = flat(side).ops[side.until];
  const std::uint32_t step = side.step - (waiting.on_previous_step() ? 1 : 0);
  return step > main.step || (step == main.step && waiting.after >= op);
}

// All members are there.
void Engine::go_through(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  const bool is_known = state.course->state == Course::State::known;
  if (!is_known) watch(cell);
  for (const std::uint32_t id : state.gathered) {
    StreamState& s = streams_[id];
    s.status = is_known ? StreamStatus::passing : StreamStatus::ready;
    s.op_start = now_;
    s.until = state.stretch->end;
  }
  std::vector<std::uint32_t> gathered;
  gathered.swap(state.gathered);
  if (is_known) return schedule(streams_[gathered.front()], now_ + state.course->length());
  for (const std::uint32_t id : gathered) advance(streams_[id], false);
}

// The others of their cells have not come at this instant: each goes on by itself.
void Engine::release_gathered() {
  std::vector<std::uint32_t> cells;
  cells.swap(gathering_);
  for (const std::uint32_t cell : cells) {
    std::vector<std::uint32_t> gathered;
    gathered.swap(cell_states_[cell].gathered);
    for (const std::uint32_t id : gathered) {
      streams_[id].status = StreamStatus::ready;
      advance(streams_[id], false);
    }
  }
  drain_ready();
  while (events_.any_immediate()) handle(events_.pop_immediate());
}

void Engine::end_stretch(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  const Stretch& stretch = *state.stretch;
  const Course& course = *state.course;
  state.course = nullptr;
  const std::span<const RankId> members = cells_->members(cell);
  if (streams_[ranks_[members.front()].first_stream].step + 1 == static_cast<std::uint32_t>(workload_.steps))
    ++state.gone_by[stretch.content];
  for (const RankId member : members) leave_stretch(streams_[ranks_[member].first_stream], stretch, course);
}

void Engine::leave_stretch(StreamState& main, const Stretch& stretch, const Course& course) {
  const RankId rank{main.rank};
  accounting_.spend(rank, course.spent);
  accounting_.set_clock(rank, now_);
  const FlatStream& f = flat(main);
  const RunClock clock{main.op_start, main.op_start, stretch.begin, nullptr, course.starts.data(), course.ends.data()};
  const OpIndex first_timed = f.ahead[stretch.begin].next_timed;
  if (first_timed < stretch.end) stamp_pending(main, clock.start_of(first_timed));
  if (f.ahead[stretch.begin].next_action < stretch.end) stamp_actions(main, stretch.end, clock);
  ledger_.pass(rank, kMainStream, main.step, f, clock, stretch.end);
  result_.ops += stretch.end - stretch.begin;
  main.at = stretch.end;
  main.status = StreamStatus::ready;
  for (const SideOps& ops : stretch.sides) {
    if (ops.begin == ops.end) continue;
    StreamState& side = sibling(main, ops.stream);
    result_.ops += ops.end - ops.begin;
    if (side.status == StreamStatus::blocked) stop_waiting(main, side);
    side.at = ops.end;
    side.status = StreamStatus::ready;
    ready_.push_back(id_of(side));
  }
  wake_waiters(main);
  ready_.push_back(id_of(main));
}

// Takes a side stream off the list of those that wait for the main stream.
void Engine::stop_waiting(StreamState& main, StreamState& side) {
  StreamIndex* link = &main.first_waiter;
  while (*link != side.index) link = &sibling(main, *link).next_waiter;
  *link = side.next_waiter;
  side.waits_on = kNoStream;
}

// --- the first time -----------------------------------------------------------------

void Engine::watch(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  Course& course = *state.course;
  const std::size_t ops = state.stretch->end - state.stretch->begin;
  state.start = now_;
  course.state = Course::State::watched;
  course.starts.assign(ops, 0);
  course.ends.assign(ops, 0);
  course.spent = accounting_.spent(cells_->members(cell).front());
  ++watched_;
}

// The cell of a rank, if a stretch of it is being watched.
CellState* Engine::watched_cell(const StreamState& s) {
  if (watched_ == 0) return nullptr;
  const std::uint32_t cell = rank_of(s).cell;
  if (cell == Cells::none()) return nullptr;
  CellState& state = cell_states_[cell];
  return state.course && state.course->state == Course::State::watched ? &state : nullptr;
}

// The same, for the one main stream of the cell that is looked at.
CellState* Engine::watched_in(const StreamState& s) {
  CellState* const state = s.index == kMainStream ? watched_cell(s) : nullptr;
  return state && cells_->members(rank_of(s).cell).front().value == s.rank ? state : nullptr;
}

// Local ops [s.at, end) have passed.
void Engine::see_ops(const StreamState& s, OpIndex end, const RunClock& clock) {
  CellState* const state = watched_in(s);
  if (!state) return;
  for (OpIndex op = s.at; op < end; ++op) see(*state, op, clock.start_of(op), clock.end_of(op));
}

// So have the transfers [s.at, s.until), now.
void Engine::see_transfers(const StreamState& s) {
  CellState* const state = watched_in(s);
  if (!state) return;
  for (OpIndex op = s.at; op < s.until; ++op) see(*state, op, s.op_start, now_);
}

void Engine::see(CellState& state, OpIndex op, Time start, Time end) {
  if (op < state.stretch->begin || op >= state.stretch->end) return;
  state.course->starts[op - state.stretch->begin] = (start - state.start).count_ps();
  state.course->ends[op - state.stretch->begin] = (end - state.start).count_ps();
}

// A phase has flowed, until now.
void Engine::see_flow(const Meeting& meeting) {
  const StreamState& s = streams_[meeting.who.front().stream];
  CellState* const state = watched_cell(s);
  if (!state) return;
  const std::vector<StreamIndex>& inside = cells_->inside((*cells_)[rank_of(s).cell].program).streams;
  if (s.index != kMainStream && std::find(inside.begin(), inside.end(), s.index) == inside.end()) return;
  state->course->flows.push_back(
      {meeting.transfer, meeting.phase, meeting.flow_start - state->start, now_ - state->start});
}

// The main stream has come to s.at: perhaps the end of the stretch.
void Engine::see_end(StreamState& s) {
  CellState* const state = watched_in(s);
  if (!state || s.at < state->stretch->end) return;
  const Stretch& stretch = *state->stretch;
  Course& course = *state->course;
  state->course = nullptr;
  --watched_;
  const RankId rank{s.rank};
  Accounting::Row spent = accounting_.spent(rank);
  for (std::size_t i = 0; i < spent.size(); ++i) spent[i] -= course.spent[i];
  const bool is_over = now_ > state->start && now_ - state->start == course.length() && spent.back() == 0 &&
                       accounting_.since(rank) == now_ && s.at == stretch.end &&
                       std::all_of(stretch.sides.begin(), stretch.sides.end(), [&](const SideOps& side) {
                         return stands_at(s, {side.stream, side.end, side.end});
                       });
  course.state = is_over ? Course::State::known : Course::State::open;
  course.spent = std::move(spent);
  // An action begins with the first op in it that takes time.
  const FlatStream& f = flat(s);
  for (OpIndex op = stretch.begin; op < stretch.end; ++op)
    if (f.ahead[op].next_action == op && f.ahead[op].next_timed > op && f.ahead[op].next_timed < stretch.end)
      course.starts[op - stretch.begin] = course.starts[f.ahead[op].next_timed - stretch.begin];
}

// --- what stretches that went by as one have moved ---------------------------------

void Engine::add_loads() {
  for (std::uint32_t cell = 0; cell < cell_states_.size(); ++cell) {
    const Cells::Cell& of = (*cells_)[cell];
    const std::vector<std::uint32_t>& gone_by = cell_states_[cell].gone_by;
    for (std::size_t content = 0; content < gone_by.size(); ++content)
      if (gone_by[content] > 0)
        add_loads_of(cell, courses_[of.program][content * cells_->inside(of.program).kinds + of.kind],
                     gone_by[content]);
  }
}

void Engine::add_loads_of(std::uint32_t cell, const Course& course, std::int64_t times) {
  struct Use {
    LinkId link;
    Duration start, end;
  };
  std::vector<Use> uses;
  for (const Course::Flow& flow : course.flows) {
    const Phase& phase = cells_->plan(cell, *flow.transfer).phases[flow.phase];
    for (const LinkUse& use : *phase.uses) {
      result_.link_bytes[use.link] += phase.bytes * use.connections * times;
      uses.push_back({use.link, flow.start, flow.end});
    }
  }
  std::sort(uses.begin(), uses.end(),
            [](const Use& a, const Use& b) { return std::tuple(a.link, a.start) < std::tuple(b.link, b.start); });
  for (std::size_t i = 0; i < uses.size();) {
    Duration from = uses[i].start, to = uses[i].end, busy;
    std::size_t next = i + 1;
    for (; next < uses.size() && uses[next].link == uses[i].link; ++next) {
      if (uses[next].start > to) busy += to - from, from = uses[next].start;
      to = std::max(to, uses[next].end);
    }
    result_.link_busy[uses[i].link] += (busy + (to - from)) * times;
    i = next;
  }
}

}  // namespace orrery::sim
