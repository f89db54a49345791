#include "sim/leaps/leap_run.h"

#include <algorithm>

#include "sim/account/accounting.h"
#include "sim/account/action_digest.h"
#include "sim/account/ledger.h"
#include "sim/leaps/flights.h"
#include "sim/leaps/lines.h"
#include "sim/leaps/spending.h"

namespace orrery::sim {
namespace {

constexpr Time kFar = Time::at(Duration::ps(std::int64_t{1} << 60));  // sums of two such times are below never()

class LeapRun {
 public:
  LeapRun(const Workload& workload, const std::atomic<bool>* stop, LeapMemory* memory)
      : workload_(workload),
        stop_(stop),
        steps_(static_cast<std::uint32_t>(workload.steps)),
        meetings_(workload, false),
        flights_(workload, meetings_),
        tracks_(workload, flights_.network(), memory),
        lines_(workload, tracks_),
        ledger_(workload, false),
        accounting_(workload.ranks(), workload.categories.size()),
        spending_(workload, lines_, accounting_) {}

  std::optional<RunResult> run();

 private:
  void go_on(RankId id);
  void go_on_main(RankId id, LeapRank& rank);
  bool go_on_sides(LeapRank& rank);
  bool go_on_side(const LeapRank& rank, Line& line);
  bool wait(RankId id, LeapRank& rank, const Legs::Wait& wait);
  void pass(LeapRank& rank, const Legs::Leg& leg);
  void enter(RankId id, LeapRank& rank, const Legs::Leg& leg);
  std::uint32_t meeting_of(RankId id, const LeapRank& rank, OpIndex op);
  void note_arrival(Meeting& meeting, RankId id, Time when) const;
  void begin(std::uint32_t meeting);
  void end(std::uint32_t meeting);
  void leave(RankId id, LeapRank& rank);
  void next_step(RankId id, LeapRank& rank);
  void stamp(LeapRank& rank, const Legs::Leg& leg) const;

  bool is_stopped() const { return stop_ && stop_->load(std::memory_order_relaxed); }
  bool all_are_done() const;
  void note_memory(RankId id, LeapRank& rank);
  RunResult summarize();

  LeapRank& rank_of(RankId id) { return lines_.ranks()[id]; }
  bool is_measured(const Line& line) const { return line.step + 1 == steps_; }

  const Workload& workload_;
  const std::atomic<bool>* const stop_;
  const std::uint32_t steps_;
  Meetings meetings_;
  Flights flights_;
  Tracks tracks_;
  Lines lines_;
  Ledger ledger_;
  Accounting accounting_;
  Spending spending_;
  std::vector<RankId> ready_;  // their transfers are over
  bool unfit_ = false;         // something the engine has to look at
  RunResult result_;
};

std::optional<RunResult> LeapRun::run() {
  if (!tracks_.sound() || is_stopped()) return std::nullopt;
  result_.step_ends.resize(steps_);
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    if (steps_ <= 2) accounting_.start({r}, Time());
    go_on({r});
  }
  for (std::uint64_t instants = 0; flights_.any() && !unfit_; ++instants) {
    if ((instants & 0xfff) == 0 && is_stopped()) return std::nullopt;
    flights_.go_on();
    while (const std::optional<std::uint32_t> meeting = flights_.next_ended()) end(*meeting);
    flights_.settle();
  }
  if (unfit_ || spending_.unclear() || !all_are_done()) return std::nullopt;
  return summarize();
}

// Takes a rank's streams as far as they get: the main one to the end of its next transfers at most.
void LeapRun::go_on(RankId id) {
  LeapRank& rank = rank_of(id);
  do {
    go_on_main(id, rank);
  } while (go_on_sides(rank) && rank.open == 0 && !unfit_);
}

// False if none got anywhere.
bool LeapRun::go_on_sides(LeapRank& rank) {
  bool any = false, more = true;
  while (more) {
    more = false;
    for (const StreamIndex s : rank.program->sides) more |= go_on_side(rank, rank.lines[s]);
    any |= more;
    if (rank.program->sides.size() == 1) return any;
  }
  return any;
}

void LeapRun::go_on_main(RankId id, LeapRank& rank) {
  Line& line = rank.main();
  while (line.step < steps_ && rank.open == 0 && !unfit_) {
    if (line.leg == line.legs) {
      next_step(id, rank);
      continue;
    }
    const Legs::Leg& leg = line.track->legs().all()[line.leg];
    for (const Legs::Wait& each : line.track->legs().waits_of(leg))
      if (!wait(id, rank, each)) return;
    stamp(rank, leg);
    leg.transfers > 0 ? enter(id, rank, leg) : pass(rank, leg);
  }
}

bool LeapRun::go_on_side(const LeapRank& rank, Line& line) {
  bool any = false;
  while (line.step < steps_) {
    const Legs::Leg& leg = line.track->legs().all()[line.leg];
    Time start = line.now;
    for (const Legs::Wait& wait : line.track->legs().waits_of(leg)) {
      const std::optional<Time> when = lines_.awaited(rank, line, wait);
      if (!when) return any;
      start = std::max(start, *when);
    }
    unfit_ |= start > kFar;
    lines_.pass(line, start + line.track->cost_of(leg));
    any = true;
    if (line.leg < line.legs) continue;
    line.leg = 0;
    ++line.step;
  }
  return any;
}

// Until what a main stream waits for has ended; false if that is not known yet.
bool LeapRun::wait(RankId id, LeapRank& rank, const Legs::Wait& wait) {
  Line& line = rank.main();
  const std::optional<Time> when = lines_.awaited(rank, line, wait);
  if (!when) return false;
  if (*when <= line.now) return true;
  if (is_measured(line)) spending_.expose(id, wait, line.now, *when);
  line.now = *when;
  return true;
}

void LeapRun::pass(LeapRank& rank, const Legs::Leg& leg) {
  Line& line = rank.main();
  unfit_ |= line.now > kFar;
  lines_.pass(line, line.now + line.track->cost_of(leg));
}

// Ahead of the clock.
void LeapRun::enter(RankId id, LeapRank& rank, const Legs::Leg& leg) {
  const Line& line = rank.main();
  rank.passages.clear();
  rank.open = leg.transfers;
  for (OpIndex op = leg.begin; op < leg.end && !unfit_; ++op) {
    if (!is_transfer(line.track->ops()[op].kind)) continue;
    const std::uint32_t meeting = meeting_of(id, rank, op);
    unfit_ |= meeting == kNone;
    if (unfit_) return;
    note_arrival(meetings_[meeting], id, line.now);
    if (meetings_.is_complete(meeting)) begin(meeting);
  }
}

std::uint32_t LeapRun::meeting_of(RankId id, const LeapRank& rank, OpIndex at) {
  const Line& line = rank.lines[kMainStream];
  const Op& op = line.track->ops()[at];
  const auto transfer = static_cast<std::size_t>(op.payload);
  const Participant who{id.value, at, line.now};
  if (op.kind == OpKind::copy) return meetings_.copy(id, transfer, who);
  if (op.kind != OpKind::collective) return meetings_.post(id, transfer, op.kind == OpKind::send, who);
  return meetings_.collective(id, kMainStream, rank.program->program->transfers[transfer], who);
}

// Ranks enter in any order. Of several that come last at one instant the one whose bubble ended last (then: was
// longest) speaks for all, as in Engine::note_arrival.
void LeapRun::note_arrival(Meeting& meeting, RankId id, Time when) const {
  const Time from = accounting_.bubble_from(id), to = accounting_.bubble_to(id);
  if (meeting.who.size() > 1) {
    if (when < meeting.latest) return;
    const bool speaks = to > meeting.bubble_to || (to == meeting.bubble_to && from < meeting.bubble_from);
    if (when == meeting.latest && !speaks) return;
  }
  meeting.latest = when;
  meeting.bubble_from = from;
  meeting.bubble_to = to;
}

// All have entered.
void LeapRun::begin(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  const Line& first = rank_of({meeting.who.front().stream}).main();
  for (const Participant& who : meeting.who) unfit_ |= rank_of({who.stream}).main().step != first.step;
  unfit_ |= meeting.latest > kFar;
  if (!unfit_) flights_.begin(index, is_measured(first));
}

void LeapRun::end(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  for (const Participant& who : meeting.who) {
    LeapRank& rank = rank_of({who.stream});
    rank.passages.push_back({meeting.latest, flights_.now(), meeting.bubble_from, meeting.bubble_to});
    if (--rank.open == 0) ready_.push_back({who.stream});
  }
  meetings_.release(index);
  for (const RankId id : ready_) {
    leave(id, rank_of(id));
    go_on(id);
  }
  ready_.clear();
}

// The transfers that a main stream is in have ended.
void LeapRun::leave(RankId id, LeapRank& rank) {
  if (accounting_.is_on(id)) spending_.pass(id);
  lines_.pass(rank.main(), flights_.now());
}

void LeapRun::next_step(RankId id, LeapRank& rank) {
  Line& line = rank.main();
  rank.previous_step_end = rank.step_end;
  rank.step_end = line.now;
  rank.digest.add(static_cast<std::uint64_t>(line.now.count_ps()));
  Time& latest = result_.step_ends[line.step];
  latest = std::max(latest, line.now);
  line.leg = 0;
  if (++line.step == steps_) {
    accounting_.stop(id);
  } else if (line.step + 2 >= steps_) {
    accounting_.start(id, line.now);
  }
}

void LeapRun::stamp(LeapRank& rank, const Legs::Leg& leg) const {
  const Line& line = rank.main();
  for (const Legs::Mark& mark : line.track->legs().marks_of(leg))
    rank.digest = with_action(rank.digest, mark.word, line.step, line.now + line.track->until(leg, mark));
}

bool LeapRun::all_are_done() const {
  const auto is_done = [this](const Line& line) { return line.step == steps_ || line.legs == 0; };
  return std::ranges::all_of(lines_.ranks(),
                             [&](const LeapRank& rank) { return std::ranges::all_of(rank.lines, is_done); });
}

// The moment of the peak is that of the last record.
void LeapRun::note_memory(RankId id, LeapRank& rank) {
  const std::optional<Ledger::Record> record = ledger_.last_record(id, steps_);
  if (!record) return;
  const Line& line = rank.main();
  const Op& op = line.track->ops()[record->place.op];
  Time when = lines_.end_of(line, record->step, record->place.op);
  if (op.kind == OpKind::call)
    when = when - Duration::ps(rank.program->block_of(op).at(kFullSpeed).from(record->place.inside));
  ledger_.put_back(id, {.when = when, .place = record->place, .step = record->step, .any = true});
}

RunResult LeapRun::summarize() {
  result_.links = flights_.take_loads();
  tracks_.solo().add_loads(result_);
  result_.events = flights_.events();
  result_.ops = workload_.op_count();
  result_.ranks.reserve(workload_.ranks());
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    const RankId id{r};
    LeapRank& rank = rank_of(id);
    for (const Spent& of : rank.program->spent) accounting_.busy(id, of.category, of.time);
    note_memory(id, rank);
    result_.ranks.add(
        {accounting_.summary(id), ledger_.summary(id), rank.step_end, rank.previous_step_end, rank.digest});
  }
  result_.digest = combine_digests(result_.ranks, result_.step_ends);
  return std::move(result_);
}

}  // namespace

std::optional<RunResult> leap_run(const Workload& workload, const std::atomic<bool>* stop, LeapMemory* memory) {
  if (!Tracks::suit(workload)) return std::nullopt;
  return LeapRun(workload, stop, memory).run();
}

}  // namespace orrery::sim
