#pragma once

#include <deque>
#include <span>
#include <vector>

#include "sim/program.h"

namespace orrery::sim {

// Which transfers programs make. Of blocks that several have it looks at one. Precondition: they live as long.
class UsedTransfers {
 public:
  // Each transfer once for each kind of op that uses it.
  std::vector<Op> of(const Program& program);

 private:
  struct Known {
    const Op* block = nullptr;
    std::vector<Op> transfers;
  };

  std::span<const Op> in_block(const Program& program, const Block& block);

  std::deque<Known> known_;
};

}  // namespace orrery::sim
