#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <span>
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

// Which ops of blocks are about memory. Of blocks that several programs have it looks at one. Precondition: they live
// as long.
class MemoryOps {
 public:
  std::span<const OpIndex> of(const Block& block);

 private:
  struct Known {
    const Op* block = nullptr;
    std::vector<OpIndex> ops;
  };

  std::deque<Known> known_;
};

// How the memory of a rank rises and falls along the one stream on which its program has all of
// its memory ops: known before the run but for the times. Only strict maxima so far can ever be
// the peak.
class Levels {
 public:
  Levels(const Program& program, StreamIndex stream, MemoryOps& in_blocks);

  // Ops that set a record: in the first step, and in any later one (none unless a step leaves something behind).
  const std::vector<OpPlace>& records(std::uint32_t step) const { return step == 0 ? first_step_ : later_steps_; }

  // What has been added to `memory` when that op of that step is over.
  void add_up_to(OpPlace last, std::uint32_t step, RankMemory& memory) const;

 private:
  // By a memory op, or by all that a call does.
  struct Change {
    std::int64_t bytes = 0;
    OpIndex op = 0;
    std::uint8_t cause = 0;
    bool is_call = false;
    std::uint32_t block = 0;  // of a call
  };
  // Op `inside` of a block raises the level so far above what it was before the block.
  struct Rise {
    std::int64_t bytes = 0;
    OpIndex inside = 0;
  };
  struct OfBlock {
    std::vector<Change> changes;  // all in all, one a cause
    std::vector<Rise> rises;      // each above the ones before
    std::int64_t net = 0;
    bool is_known = false;

    std::int64_t highest() const { return rises.empty() ? 0 : rises.back().bytes; }
  };

  OfBlock of_block(const Block& block, const Call& call, std::span<const OpIndex> memory) const;
  void list_changes(MemoryOps& in_blocks);
  void list_records();

  const Program* program_;
  StreamIndex stream_;
  std::vector<Change> changes_;
  std::vector<OfBlock> blocks_;  // those that are called
  std::vector<OpPlace> first_step_, later_steps_;
};

// What a memory op adds to the level if it is about this buffer.
inline std::int64_t change_by(const Op& op, const Buffer& buffer) {
  return op.kind == OpKind::allocate ? buffer.bytes.n : -buffer.bytes.n;
}

}  // namespace orrery::sim
