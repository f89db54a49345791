// Stretches that a cell goes through by itself: each is one event for all members, that
// moves when claims from outside turn its course.
#include <algorithm>
#include <tuple>

#include "sim/engine/impl.h"
#include "sim/phase.h"

namespace orrery::sim {

void Engine::prepare_stretches() {
  cells_.emplace(workload_, programs_);
  cell_states_.resize(cells_->size());
  StretchContents contents;
  for (std::uint32_t p = 0; p < programs_.size(); ++p) {
    const Cells::Inside& inside = cells_->inside({p});
    const bool any = inside.has_stretches && !ledger_.breaks_runs({p});
    stretches_.add(any ? Stretches(programs_[p], inside, contents) : Stretches());
    for (const Stretch& stretch : stretches_[ProgramId{p}].all()) {
      programs_[p].streams[kMainStream].break_before(stretch.begin);
      programs_[p].streams[kMainStream].break_before(stretch.end);
    }
  }
  courses_ = Courses(contents.size(), cells_->kinds());
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    const std::uint32_t cell = cells_->of({r});
    if (cell != Cells::none() && (*cells_)[cell].has_stretches) ranks_[RankId{r}].cell = cell;
  }
}

// Whether the main stream `s` stands before a stretch that its cell may go through as
// one. Then it waits here for the others, until this instant is over.
bool Engine::gather(StreamState& s) {
  const std::uint32_t cell = rank_of(s).cell;
  if (cell == Cells::none() || plays_) return false;
  const Stretches& stretches = stretches_[(*cells_)[cell].program];
  const std::uint32_t number = stretches.starting_at(s.at);
  if (number == Stretches::kNone) return false;
  const Stretch& stretch = stretches.all()[number];
  CellState& state = cell_states_[cell];
  if (state.course || !may_pass(s, stretch)) return false;
  if (!state.gathered.empty() && state.stretch != &stretch) return false;
  if (state.gathered.empty()) gathering_.push_back(cell);
  state.stretch = &stretch;
  state.gathered.push_back(id_of(s));
  s.status = StreamStatus::gathered;
  return true;
}

// Whether nothing but the cell can come to the rank before the end of the stretch.
bool Engine::may_pass(const StreamState& main, const Stretch& stretch) const {
  const RankState& rank = rank_of(main);
  const RankId id{main.rank};
  if (!accounting_.is_on(id) || accounting_.since(id) != now_) return false;
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

// All that come at this instant are there. A cell whose members all are goes through its
// stretch; of others, each goes on by itself.
void Engine::release_gathered() {
  std::vector<std::uint32_t> cells;
  cells.swap(gathering_);
  for (const std::uint32_t cell : cells) {
    CellState& state = cell_states_[cell];
    state.course = course_of(cell, state.gathered);
    if (state.course) {
      state.start = now_;
      state.news.resize(state.gathered.size());
      settle_later(cell);
    }
    for (const std::uint32_t id : state.gathered) {
      StreamState& s = streams_[id];
      s.status = state.course ? StreamStatus::passing : StreamStatus::ready;
      s.op_start = now_;
      s.until = state.stretch->end;
      if (!state.course) advance(s, false);
    }
    state.gathered.clear();
  }
  drain_ready();
  while (events_.any_immediate()) handle(events_.pop_immediate());
}

// How the stretch begins before which these stand; null if it is to be run op by op.
Course* Engine::course_of(std::uint32_t cell, std::span<const std::uint32_t> gathered) {
  if (gathered.size() != cells_->members(cell).size()) return nullptr;
  const SpeedIndex speed = rank_of(streams_[gathered.front()]).speed;
  for (const std::uint32_t id : gathered)
    if (rank_of(streams_[id]).speed != speed) return nullptr;
  Course* const course = courses_.beginning(cell_states_[cell].stretch->content, (*cells_)[cell].kind, speed);
  return course && course->state != Course::State::open ? course : nullptr;
}

// A claim from outside has turned up or gone on a rank whose cell passes. What comes at
// the very end changes nothing.
void Engine::note_turn(const StreamState& main, std::uint8_t claim, bool starts) {
  const std::uint32_t cell = rank_of(main).cell;
  CellState& state = cell_states_[cell];
  const bool is_known = state.course->state == Course::State::known;
  if (is_known && now_ >= state.start + state.course->length()) return;
  const std::span<const RankId> members = cells_->members(cell);
  const auto member = std::find(members.begin(), members.end(), RankId{main.rank}) - members.begin();
  state.news[static_cast<std::size_t>(member)].push_back({now_ - state.start, claim, starts});
  settle_later(cell);
}

void Engine::settle_later(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  if (state.is_listed) return;
  state.is_listed = true;
  unsettled_.push_back(cell);
}

void Engine::settle_cells() {
  std::vector<std::uint32_t> cells;
  cells.swap(unsettled_);
  for (const std::uint32_t cell : cells) {
    cell_states_[cell].is_listed = false;
    settle_cell(cell);
  }
  drain_ready();
  while (events_.any_immediate()) handle(events_.pop_immediate());
}

// Finds out when the stretch ends, as things stand; where members have met different
// claims, or nobody knows, it is run op by op after all.
void Engine::settle_cell(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  const auto& first = state.news.front();
  const bool alike = std::all_of(state.news.begin(), state.news.end(), [&](const auto& news) { return news == first; });
  Course* course = alike ? state.course : nullptr;
  for (std::size_t i = 0; course && i < first.size(); ++i) course = courses_.turned(*course, first[i]);
  if (course && course->state == Course::State::unknown) rehearse(cell, *course);
  if (!course || course->state == Course::State::open) return fall_apart(cell);
  for (std::vector<Turn>& news : state.news) news.clear();
  state.course = course;
  schedule(main_of(cells_->members(cell).front()), state.start + course->length());
}

// The event of a stretch has come: at its end, or before if claims have put that off.
void Engine::end_stretch(std::uint32_t cell) {
  CellState& state = cell_states_[cell];
  const std::span<const RankId> members = cells_->members(cell);
  const Stretch& stretch = *state.stretch;
  const Course& course = *state.course;
  if (state.start + course.length() > now_) return schedule(main_of(members.front()), state.start + course.length());
  state.course = nullptr;
  courses_.count_passed(stretch.content, (*cells_)[cell].kind, members.size());
  if (main_of(members.front()).step + 1 == static_cast<std::uint32_t>(workload_.steps)) {
    if (course.number >= state.gone_by.size()) state.gone_by.resize(course.number + 1u);
    ++state.gone_by[course.number];
  }
  for (const RankId member : members) leave_stretch(main_of(member), stretch, course);
}

void Engine::leave_stretch(StreamState& main, const Stretch& stretch, const Course& course) {
  const RankId rank{main.rank};
  accounting_.spend(rank, course.spent);
  accounting_.set_clock(rank, now_);
  const FlatStream& f = flat(main);
  const RunClock clock{main.op_start, main.op_start, stretch.begin,        0,
                       main.speed,    nullptr,       course.starts.data(), course.ends.data()};
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

// --- what stretches that went by as one have moved ---------------------------------

void Engine::add_loads() {
  for (std::uint32_t cell = 0; cell < cell_states_.size(); ++cell) {
    const std::vector<std::uint32_t>& gone_by = cell_states_[cell].gone_by;
    for (std::uint32_t course = 0; course < gone_by.size(); ++course)
      if (gone_by[course] > 0) add_loads_of(cell, courses_[course], gone_by[course]);
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
      result_.links.own(use.link).bytes += phase.bytes * use.connections * times;
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
    result_.links.own(uses[i].link).busy += (busy + (to - from)) * times;
    i = next;
  }
}

}  // namespace orrery::sim
