#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/digest.h"
#include "sim/leaps/legs/tracks.h"

namespace orrery::sim {

// A stream of a rank.
struct Line {
  const Track* track = nullptr;
  std::uint32_t legs = 0;  // of a step
  std::size_t first = 0;   // ends of its legs are from here on, step by step:
  std::size_t here = 0;    // of those of the rank's step
  Time now;                // the end of the last that is over
};

// A transfer of a group that a main stream was in.
struct Passage {
  Time met, end;
  Time bubble_from, bubble_to;  // when the last to come had last waited for the pipeline
};

struct LeapRank {
  const TrackedProgram* program = nullptr;
  std::vector<Line> lines;        // by stream
  std::uint32_t step = 0;         // steps before are over,
  std::uint32_t stop = 0;         // and of this one the stops of its itinerary before this one
  std::vector<Passage> passages;  // of the transfers it is in: those that are over
  std::uint16_t open = 0;         // and how many are not
  Digest digest;
  Time step_end, previous_step_end;

  Line& main() { return lines[kMainStream]; }
  const Line& main() const { return lines[kMainStream]; }
};

// All streams, and when their legs ended.
class Lines {
 public:
  Lines(const Workload& workload, const Tracks& tracks);

  IdVector<RankId, LeapRank>& ranks() { return ranks_; }
  const IdVector<RankId, LeapRank>& ranks() const { return ranks_; }

  // A leg of the rank's step is over at `when`.
  void pass(Line& line, std::uint32_t leg, Time when) {
    ends_[line.here + leg] = when;
    line.now = when;
  }
  // When what a leg of the rank's step waits for ends. Precondition: that is known.
  Time awaited(const LeapRank& rank, const Legs::Wait& wait) const {
    if (wait.previous_step && rank.step == 0) return Time();
    const Line& line = rank.lines[wait.stream];
    const std::size_t step = wait.previous_step ? line.here - line.legs : line.here;
    return ends_[step + wait.leg] - line.track->cost_of(wait.behind);
  }
  // All legs of the rank's step are over.
  static void end_step(LeapRank& rank) {
    ++rank.step;
    for (Line& line : rank.lines) line.here += line.legs;
  }
  // Precondition: it is over.
  Time end_of(const Line& line, std::uint32_t step, OpIndex op) const {
    const Legs& legs = line.track->legs();
    return ends_[line.first + static_cast<std::size_t>(step) * line.legs + legs.leg_of(op)] -
           line.track->cost_of(legs.behind(op));
  }

 private:
  IdVector<RankId, LeapRank> ranks_;
  std::vector<Time> ends_;
};

}  // namespace orrery::sim
