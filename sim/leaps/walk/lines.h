#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/digest.h"
#include "sim/leaps/legs/tracks.h"

namespace orrery::sim {

// A transfer of a group that a main stream was in.
struct Passage {
  Time met, end;
  Time bubble_from, bubble_to;  // when the last to come had last waited for the pipeline
};

struct LeapRank {
  const TrackedProgram* program = nullptr;
  Time* ends = nullptr;           // of the legs of its step, by place; those of the step before are before them,
                                  // those of none, at time 0, before the first
  std::uint32_t step = 0;         // steps before are over,
  std::uint32_t stop = 0;         // and of this one the stops of its itinerary before this one
  Time now;                       // where its main stream is
  std::uint16_t open = 0;         // transfers it is in that are not over,
  std::vector<Passage> passages;  // and those that are, as they were met
  Digest digest;
  Time step_end, previous_step_end;

  void note(const Passage& passage) {
    passages.push_back(passage);
    for (std::size_t i = passages.size() - 1; i > 0 && passages[i].met < passages[i - 1].met; --i)
      std::swap(passages[i], passages[i - 1]);
  }
  const Itinerary& order() const { return program->legs->order; }
  const Stop& here() const { return order().stops()[stop]; }
};

// How far ranks have come on their ways, and when their legs ended.
class Lines {
 public:
  Lines(const Workload& workload, const Tracks& tracks);

  IdVector<RankId, LeapRank>& ranks() { return ranks_; }
  const IdVector<RankId, LeapRank>& ranks() const { return ranks_; }

  // All legs of the rank's step are over.
  static void end_step(LeapRank& rank) {
    ++rank.step;
    rank.stop = 0;
    rank.ends += rank.order().ends();
  }
  // Precondition: it is over.
  static Time end_of(const LeapRank& rank, StreamIndex stream, std::uint32_t step, OpIndex op) {
    const Legs& legs = rank.program->legs->streams[stream];
    const auto steps = static_cast<std::int64_t>(step) - static_cast<std::int64_t>(rank.step);
    return rank.ends[steps * rank.order().ends() + legs.end_of(legs.leg_of(op))] -
           rank.program->cost_of(legs.behind(op));
  }

 private:
  IdVector<RankId, LeapRank> ranks_;
  std::vector<Time> ends_;  // by rank, step (the first is that before the first) and place
};

}  // namespace orrery::sim
