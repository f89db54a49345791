#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/duration.h"
#include "sim/coalesce/flat_block.h"
#include "sim/program.h"

namespace orrery::sim {

// A program whose streams are to be parted into legs, with its blocks as they are run.
struct LeapProgram {
  const Program* program = nullptr;
  std::vector<const FlatBlock*> blocks;

  const FlatBlock& block_of(const Op& op) const { return *blocks[program->call_of(op).block]; }
  // Of kernels, and of calls as a whole; ps.
  std::int64_t cost_of(const Op& op) const {
    return op.kind == OpKind::kernel ? op.payload : op.kind == OpKind::call ? block_of(op).at(kFullSpeed).total() : 0;
  }
  // Whether the op takes time, of what is local: no call of nothing does.
  bool has_kernels(const Op& op) const {
    return op.kind == OpKind::kernel || (op.kind == OpKind::call && block_of(op).has_kernels);
  }
};

// A stream of a program as legs: pieces that, once they have begun, go on to their end whatever else happens. Either
// local ops, of which only the first waits for other streams; or transfers that start together.
class Track {
 public:
  struct Leg {
    OpIndex begin = 0, end = 0;                  // its ops
    std::uint32_t first_wait = 0, end_wait = 0;  // what it waits for, in waits()
    std::uint32_t first_mark = 0, end_mark = 0;  // the action markers stamped in it, in marks()
    std::int64_t cost = 0;                       // of local ops, ps
    std::uint16_t transfers = 0;                 // 0: local ops
  };
  // For the end of an op of another stream: so long before that of the leg that it is in.
  struct Wait {
    StreamIndex stream = 0;
    bool previous_step = false;
    OpIndex op = 0;
    std::uint32_t leg = 0;
    Duration before;
  };
  // An action marker is stamped so long after its leg has begun.
  struct Mark {
    std::uint64_t word = 0;  // word_of
    Duration after;
  };

  Track(const LeapProgram& program, std::span<const Op> ops);
  // Looks up what the stream waits for. False if some of it is not there, or times would overflow. `tracks`: of all
  // streams of the program.
  bool find_awaited(std::span<const Track> tracks);

  std::span<const Op> ops() const { return ops_; }
  OpIndex size() const { return static_cast<OpIndex>(ops_.size()); }
  const std::vector<Leg>& legs() const { return legs_; }
  std::span<const Wait> waits_of(const Leg& leg) const {
    return std::span(waits_).subspan(leg.first_wait, leg.end_wait - leg.first_wait);
  }
  std::span<const Mark> marks_of(const Leg& leg) const {
    return std::span(marks_).subspan(leg.first_mark, leg.end_mark - leg.first_mark);
  }
  std::uint32_t leg_of(OpIndex op) const { return leg_of_[op]; }
  Duration cost_of(OpIndex op) const { return Duration::ps(sums_[op + 1] - sums_[op]); }
  // From the end of an op to that of its leg.
  Duration behind(OpIndex op) const { return Duration::ps(sums_[legs_[leg_of_[op]].end] - sums_[op + 1]); }

 private:
  class Writer;

  std::span<const Op> ops_;
  std::vector<Leg> legs_;
  std::vector<Wait> waits_;
  std::vector<Mark> marks_;
  std::vector<std::uint32_t> leg_of_;  // by op
  std::vector<std::int64_t> sums_;     // size() + 1: of costs before each op, ps
  bool too_long_ = false;
};

}  // namespace orrery::sim
