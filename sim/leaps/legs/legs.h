#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/leaps/legs/leap_program.h"

namespace orrery::sim {

// A stream of a program as legs: pieces that, once they have begun, go on to their end whatever else happens. Either
// local ops, of which only the first waits for other streams; or transfers that start together. Hangs on no time.
class Legs {
 public:
  // Some of the ops that take time, by their places among those of the program.
  struct Timed {
    std::uint32_t from = 0, to = 0;
  };
  struct Leg {
    OpIndex begin = 0, end = 0;  // its ops
    Timed timed;
    std::uint32_t first_wait = 0, end_wait = 0;  // what it waits for
    std::uint32_t first_mark = 0, end_mark = 0;  // the action markers stamped in it
    std::uint16_t transfers = 0;                 // 0: local ops
    Category category = 0;                       // of the first of its transfers
  };
  // For the end of an op of another stream, which is in that leg of it.
  struct Wait {
    StreamIndex stream = 0;
    bool previous_step = false;
    OpIndex op = 0;
    std::uint32_t leg = 0;
    std::int32_t end = 0;  // the place of that leg's end
    Timed behind;          // the rest of that leg
  };
  // An action marker is stamped when its leg comes to the next op behind it that takes time.
  struct Mark {
    std::uint64_t word = 0;  // word_of
    Timed before;            // what the leg has before
  };

  // How many places the program's streams take: among its ops that take time, each with one for its end; and among
  // the ends of its legs.
  struct Places {
    std::uint32_t timed = 0, ends = 0;
  };

  // `before`: by the streams before.
  Legs(const LeapProgram& program, std::span<const Op> ops, const Places& before);
  // Looks up what the stream waits for. False if some of it is not there. `streams`: all of the program.
  bool find_awaited(std::span<const Legs> streams);

  std::span<const Leg> all() const { return legs_; }
  std::span<const Wait> waits_of(const Leg& leg) const {
    return std::span(waits_).subspan(leg.first_wait, leg.end_wait - leg.first_wait);
  }
  std::span<const Mark> marks_of(const Leg& leg) const {
    return std::span(marks_).subspan(leg.first_mark, leg.end_mark - leg.first_mark);
  }
  std::uint32_t leg_of(OpIndex op) const { return leg_of_[op]; }
  // The place of a leg's end.
  std::uint32_t end_of(std::uint32_t leg) const { return before_.ends + leg; }
  // By this stream and those before.
  Places places() const {
    return {before_.timed + static_cast<std::uint32_t>(timed_.size()) + 1,
            end_of(static_cast<std::uint32_t>(legs_.size()))};
  }
  // Ops that take time by themselves.
  std::span<const OpIndex> timed() const { return timed_; }
  Timed timed(OpIndex begin, OpIndex end) const { return {timed_before_[begin], timed_before_[end]}; }
  // The rest of its leg.
  Timed behind(OpIndex op) const { return timed(op + 1, legs_[leg_of_[op]].end); }

 private:
  class Writer;

  void find_timed(const LeapProgram& program, std::span<const Op> ops);

  Places before_;
  std::vector<Leg> legs_;
  std::vector<Wait> waits_;
  std::vector<Mark> marks_;
  std::vector<std::uint32_t> leg_of_;        // by op
  std::vector<OpIndex> timed_;               // in order
  std::vector<std::uint32_t> timed_before_;  // by op, and for the end
};

}  // namespace orrery::sim
