#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/digest.h"
#include "sim/leaps/tracks.h"

namespace orrery::sim {

// A stream of a rank, as far as it has come.
struct Line {
  const Track* track = nullptr;
  std::uint32_t legs = 0;  // of a step
  std::size_t first = 0;   // ends of its legs are from here on, step by step
  std::uint32_t step = 0;  // legs of this step before `leg` are over, and all of steps before
  std::uint32_t leg = 0;
  Time now;  // the end of the last
};

// A transfer of a group that a main stream was in.
struct Passage {
  Time met, end;
  Time bubble_from, bubble_to;  // when the last to come had last waited for the pipeline
};

struct LeapRank {
  const TrackedProgram* program = nullptr;
  std::vector<Line> lines;        // by stream
  std::vector<Passage> passages;  // of the transfers it is in: those that are over
  std::uint16_t open = 0;         // and how many are not
  Digest digest;
  Time step_end, previous_step_end;

  Line& main() { return lines[kMainStream]; }
};

// All streams, and when their legs ended.
class Lines {
 public:
  Lines(const Workload& workload, const Tracks& tracks);

  IdVector<RankId, LeapRank>& ranks() { return ranks_; }
  const IdVector<RankId, LeapRank>& ranks() const { return ranks_; }

  // When what a line waits for ends; nothing if that is not known yet.
  std::optional<Time> awaited(const LeapRank& rank, const Line& line, const Legs::Wait& wait) const;
  // The line's leg is over at `when`.
  void pass(Line& line, Time when) {
    ends_[place(line, line.step, line.leg)] = when;
    ++line.leg;
    line.now = when;
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
