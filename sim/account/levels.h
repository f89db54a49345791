#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "sim/program.h"
#include "sim/run_result.h"

namespace orrery::sim {

// An op of a stream; in a call, one of its block.
struct OpPlace {
  OpIndex op = 0;
  OpIndex inside = 0;

  auto operator<=>(const OpPlace&) const = default;
};

// How the memory of a rank rises and falls along the one stream on which its program has all of
// its memory ops: known before the run but for the times. Only strict maxima so far can ever be
// the peak.
class Levels {
 public:
  Levels(const Program& program, StreamIndex stream);

  // Ops that set a record: in the first step, and in any later one (none unless a step leaves something behind).
  const std::vector<OpPlace>& records(std::uint32_t step) const { return step == 0 ? first_step_ : later_steps_; }

  // What has been added to `memory` when that op of that step is over.
  void add_up_to(OpPlace last, std::uint32_t step, RankMemory& memory) const;

 private:
  struct Change {
    std::int64_t bytes = 0;
    OpIndex op = 0;
    std::uint8_t cause = 0;
  };
  // The level rises so far above what it was, then it is that much above or below it.
  struct Moment {
    std::int64_t rise = 0, net = 0;
    OpPlace place;
  };
  struct OfBlock {
    std::vector<Change> changes;  // all in all, one a cause
    std::vector<Moment> moments;  // those that rise above the ones before, then what is left
  };

  OfBlock of_block(const Block& block, const Call& call) const;
  std::vector<Moment> list_changes();
  void list_records(const std::vector<Moment>& moments);

  const Program* program_;
  StreamIndex stream_;
  std::vector<Change> changes_;  // of memory ops, and of calls
  std::vector<OpPlace> first_step_, later_steps_;
};

// What a memory op adds to the level if it is about this buffer.
inline std::int64_t change_by(const Op& op, const Buffer& buffer) {
  return op.kind == OpKind::allocate ? buffer.bytes.n : -buffer.bytes.n;
}

}  // namespace orrery::sim
