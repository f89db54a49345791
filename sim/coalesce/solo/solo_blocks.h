#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/base/duration.h"
#include "sim/program.h"

namespace orrery::sim {

// Makes a collective that takes the same time whenever it starts a kernel.
inline void as_kernel(Op& op, Duration time) {
  op.kind = OpKind::kernel;
  op.payload = time.count_ps();
}

// A block with its collectives as kernels.
struct SoloBlock {
  struct Use {
    std::size_t transfer = 0;
    Duration time;  // that it takes alone
  };
  const Block* from = nullptr;
  std::vector<Op> ops;
  std::vector<Use> uses;
};

// Blocks of all programs, with their collectives as kernels. Those of stages in the middle mostly have
// equal ops, which are made once.
class SoloBlocks {
 public:
  // `alone`: by transfer, how long it takes alone; negative: it is not. Null if that is one of the block's.
  const SoloBlock* of(const Block& block, std::span<const Duration> alone);

 private:
  std::deque<SoloBlock> known_;  // their place does not change
};

}  // namespace orrery::sim
