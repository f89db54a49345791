#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sim/program.h"

namespace orrery::sim {

// What a program does together with others. Hangs on no size and no time.
struct ProgramTransfers {
  std::vector<Op> transfers;         // each once for each kind of op that uses it
  std::vector<OpIndex> collectives;  // of the main stream, but for those in calls
  std::vector<std::int64_t> calls;   // by block: how often the main stream calls it
  std::vector<std::int64_t> called;  // by transfer: how many collectives of its blocks the main stream calls
  std::vector<char> in_blocks;       // by transfer: whether a block has a collective of it
};

// Finds it. Of blocks that several programs have it looks at one. Precondition: they live as long.
class UsedTransfers {
 public:
  std::shared_ptr<const ProgramTransfers> of(const Program& program);

 private:
  struct InBlock {
    Op op;                   // payload: the transfer
    std::int64_t times = 0;  // that the block has it
  };
  struct Known {
    const Op* block = nullptr;
    std::vector<InBlock> transfers;
  };

  const std::vector<InBlock>& in_block(const Block& block);

  std::deque<Known> known_;
};

}  // namespace orrery::sim
