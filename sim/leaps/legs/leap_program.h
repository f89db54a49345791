#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "sim/leaps/legs/leap_block.h"
#include "sim/program.h"

namespace orrery::sim {

// A program whose streams are to be parted into legs. Collectives that its ranks have for themselves are as good as
// kernels.
struct LeapProgram {
  const Program* program = nullptr;
  SoloTimes solo;
  std::vector<const LeapBlock*> blocks;

  const LeapBlock& block_of(const Op& op) const { return *blocks[program->call_of(op).block]; }
  bool is_local(const Op& op) const { return sim::is_local(op.kind) || solo.has(op); }
  // Of kernels, and of calls as a whole; ps.
  std::int64_t cost_of(const Op& op) const {
    if (op.kind == OpKind::kernel) return op.payload;
    if (op.kind == OpKind::call) return block_of(op).cost;
    return solo.has(op) ? solo.of(op) : 0;
  }
  // Whether the op takes time, of what is local: no call of nothing does.
  bool has_kernels(const Op& op) const {
    return op.kind == OpKind::kernel || (op.kind == OpKind::call && block_of(op).has_kernels) || solo.has(op);
  }
};

}  // namespace orrery::sim
