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
  std::size_t first = 0;   // ends of its legs are from here on, step by step
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
  void pass(const LeapRank& rank, Line& line, std::uint32_t leg, Time when) {
    ends_[place(line, rank.step, leg)] = when;
    line.now = when;
  }
  // When what a leg of the rank's step waits for ends. Precondition: that is known.
  Time awaited(const LeapRank& rank, const Legs::Wait& wait) const {
    if (wait.previous_step && rank.step == 0) return Time();
    const Line& line = rank.lines[wait.stream];
    return ends_[place(line, rank.step - (wait.previous_step ? 1 : 0), wait.leg)] -
           line.track->behind(wait.op, wait.leg);
  }
  // Precondition: it is over.
  Time end_of(const Line& line, std::uint32_t step, OpIndex op) const {
    const std::uint32_t leg = line.track->legs().leg_of(op);
    return ends_[place(line, step, leg)] - line.track->behind(op, leg);
  }

 private:
  static std::size_t place(const Line& line, std::uint32_t step, std::uint32_t leg) {
    return line.first + static_cast<std::size_t>(step) * line.legs + leg;
  }

  IdVector<RankId, LeapRank> ranks_;
  std::vector<Time> ends_;
};

}  // namespace orrery::sim
