#pragma once

#include "sim/account/accounting.h"
#include "sim/account/ledger.h"
#include "sim/leaps/walk/lines.h"
#include "sim/leaps/walk/spending.h"
#include "sim/run_result.h"

namespace orrery::sim {

// When a rank has come to a transfer, and when it had last waited for the pipeline before.
struct Arrival {
  Time when;
  Time bubble_from, bubble_to;

  // Of those of a transfer the last speaks for all: of several at one instant the one whose bubble ended last (then:
  // was longest), as in Engine::note_arrival.
  bool speaks_over(const Arrival& other) const {
    if (when != other.when) return when > other.when;
    return bubble_to > other.bubble_to || (bubble_to == other.bubble_to && bubble_from < other.bubble_from);
  }
};

// Ranks on their way through their programs, each from transfers to transfers in one leap. When those end is for
// others to say.
class Walk {
 public:
  static constexpr Time kFar = Time::at(Duration::ps(std::int64_t{1} << 60));  // two such times add up to below never()

  Walk(const Workload& workload, const Tracks& tracks);

  // Takes a rank that is in no transfer to the next that it enters: null at the end of its last step.
  const Stop* go_on(RankId id);
  Arrival arrival(RankId id) const {
    return {lines_.ranks()[id].now, accounting_.bubble_from(id), accounting_.bubble_to(id)};
  }
  // One of the transfers it is in has ended. True if it is in no other: it can go on.
  bool pass(RankId id, const Passage& passage);

  LeapRank& operator[](RankId id) { return lines_.ranks()[id]; }
  const LeapRank& operator[](RankId id) const { return lines_.ranks()[id]; }
  bool is_measured(const LeapRank& rank) const { return rank.step + 1 == steps_; }

  bool all_are_done() const;
  // Something is too far away for times to add up, or more would have to be known than when transfers were met and
  // ended: for the engine to look at.
  bool unfit() const { return too_far_ || spending_.unclear(); }

  // What is known of ranks and steps. Precondition: all are done.
  RunResult summarize();

 private:
  void end_step(RankId id, LeapRank& rank);
  void note_memory(RankId id, const LeapRank& rank);
  Duration rest_of(const TrackedProgram& program, const Op& call, OpIndex from);

  struct Rest {
    const LeapBlock* block = nullptr;
    OpIndex from = 0;
    Duration time;
  };

  const Workload& workload_;
  const std::uint32_t steps_;
  Lines lines_;
  Ledger ledger_;
  Accounting accounting_;
  Spending spending_;
  std::vector<Time> step_ends_;
  std::vector<Rest> rests_;
  bool too_far_ = false;
};

}  // namespace orrery::sim
