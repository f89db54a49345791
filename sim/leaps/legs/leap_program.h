#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace orrery::sim
