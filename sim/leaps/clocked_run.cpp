#include "sim/leaps/clocked_run.h"

#include "sim/leaps/meet/flights.h"
#include "sim/leaps/walk/walk.h"

namespace orrery::sim {
namespace {

class ClockedRun {
 public:
  ClockedRun(const Workload& workload, const Tracks& tracks, const std::atomic<bool>* stop)
      : workload_(workload),
        stop_(stop),
        meetings_(workload, false),
        flights_(workload, meetings_),
        walk_(workload, tracks) {}

  std::optional<RunResult> run();

 private:
  void go_on(RankId id);
  void enter(RankId id, OpIndex op);
  static void note_arrival(Meeting& meeting, const Arrival& arrival);
  void begin(std::uint32_t meeting);
  void end(std::uint32_t meeting);
  bool is_stopped() const { return stop_ && stop_->load(std::memory_order_relaxed); }

  const Workload& workload_;
  const std::atomic<bool>* const stop_;
  Meetings meetings_;
  Flights flights_;
  Walk walk_;
  std::vector<RankId> ready_;  // their transfers are over
  bool unfit_ = false;         // something the engine has to look at
};

std::optional<RunResult> ClockedRun::run() {
  for (std::uint32_t r = 0; r < workload_.ranks() && !unfit_; ++r) go_on({r});
  for (std::uint64_t instants = 0; flights_.any() && !unfit_; ++instants) {
    if ((instants & 0xfff) == 0 && is_stopped()) return std::nullopt;
    flights_.go_on();
    while (const std::optional<std::uint32_t> meeting = flights_.next_ended()) end(*meeting);
    flights_.settle();
  }
  if (unfit_ || walk_.unfit() || !walk_.all_are_done()) return std::nullopt;
  RunResult result = walk_.summarize();
  result.links = flights_.take_loads();
  result.events = flights_.phases();
  return result;
}

// To its next transfers, ahead of the clock.
void ClockedRun::go_on(RankId id) {
  const Stop* const stop = walk_.go_on(id);
  if (!stop) return;
  const Track& main = walk_[id].program->main();
  const Legs::Leg& leg = main.legs().all()[stop->leg];
  for (OpIndex op = leg.begin; op < leg.end && !unfit_; ++op)
    if (is_transfer(main.ops()[op].kind)) enter(id, op);
}

void ClockedRun::enter(RankId id, OpIndex op) {
  const Arrival arrival = walk_.arrival(id);
  const std::uint32_t meeting =
      meetings_.enter(id, kMainStream, walk_[id].program->main().ops()[op], {id.value, op, arrival.when});
  unfit_ |= meeting == kNone;
  if (unfit_) return;
  note_arrival(meetings_[meeting], arrival);
  if (meetings_.is_complete(meeting)) begin(meeting);
}

// Ranks enter in any order.
void ClockedRun::note_arrival(Meeting& meeting, const Arrival& arrival) {
  const Arrival last{meeting.latest, meeting.bubble_from, meeting.bubble_to};
  if (meeting.who.size() > 1 && !arrival.speaks_over(last)) return;
  meeting.latest = arrival.when;
  meeting.bubble_from = arrival.bubble_from;
  meeting.bubble_to = arrival.bubble_to;
}

// All have entered.
void ClockedRun::begin(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  const LeapRank& first = walk_[{meeting.who.front().stream}];
  for (const Participant& who : meeting.who) unfit_ |= walk_[{who.stream}].step != first.step;
  unfit_ |= meeting.latest > Walk::kFar;
  if (!unfit_) flights_.begin(index, walk_.is_measured(first));
}

void ClockedRun::end(std::uint32_t index) {
  const Meeting& meeting = meetings_[index];
  const Passage passage{meeting.latest, flights_.now(), meeting.bubble_from, meeting.bubble_to};
  for (const Participant& who : meeting.who)
    if (walk_.pass({who.stream}, passage)) ready_.push_back({who.stream});
  meetings_.release(index);
  for (const RankId id : ready_) go_on(id);
  ready_.clear();
}

}  // namespace

std::optional<RunResult> clocked_run(const Workload& workload, const Tracks& tracks, const std::atomic<bool>* stop) {
  return ClockedRun(workload, tracks, stop).run();
}

}  // namespace orrery::sim
