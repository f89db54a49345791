#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/program.h"

namespace orrery::sim {

// What a program does together with others.
struct ProgramTransfers {
  std::vector<Op> transfers;         // each once for each kind of op that uses it
  std::vector<OpIndex> collectives;  // of the main stream, but for those in calls
  std::vector<std::int64_t> calls;   // by block: how often the main stream calls it
};

// Finds it. Of blocks that several programs have it looks at one. Precondition: they live as long.
class UsedTransfers {
 public:
  ProgramTransfers of(const Program& program);

 private:
  struct Known {
    const Op* block = nullptr;
    std::vector<Op> transfers;
  };

  std::span<const Op> in_block(const Program& program, const Block& block);

  std::deque<Known> known_;
};

}  // namespace orrery::sim
