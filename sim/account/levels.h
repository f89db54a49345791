#pragma once

#include <compare>
#include <cstdint>
#include <memory>
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

// Where a program has ops about memory. Hangs on no size.
struct MemoryPlaces {
  explicit MemoryPlaces(const Program& program);

  StreamIndex stream = 0;                       // where all of them stand; kNoStream: on several
  std::vector<OpIndex> ops;                     // those of that stream, and its calls
  std::vector<std::vector<OpIndex>> in_blocks;  // likewise
};

// How the memory of a rank rises and falls along the one stream on which its program has all of
// its memory ops: known before the run but for the times. Only strict maxima so far can ever be
// the peak.
class Levels {
 public:
  // Precondition: there is one such stream.
  Levels(const Program& program, std::shared_ptr<const MemoryPlaces> places);

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

  OfBlock of_block(const Call& call) const;
  void list_changes();
  void list_records();

  std::span<const Op> ops() const { return program_->streams[places_->stream].ops; }

  const Program* program_;
  std::shared_ptr<const MemoryPlaces> places_;
  std::vector<Change> changes_;
  std::vector<OfBlock> blocks_;  // those that are called
  std::vector<OpPlace> first_step_, later_steps_;
};

// What a memory op adds to the level if it is about this buffer.
inline std::int64_t change_by(const Op& op, const Buffer& buffer) {
  return op.kind == OpKind::allocate ? buffer.bytes.n : -buffer.bytes.n;
}

}  // namespace orrery::sim
