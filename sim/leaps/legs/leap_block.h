#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/base/duration.h"
#include "sim/coalesce/flat_block.h"
#include "sim/program.h"

namespace orrery::sim {

// How long collectives of a program take that its ranks have for themselves (SoloCollectives::times).
class SoloTimes {
 public:
  SoloTimes() = default;
  explicit SoloTimes(std::span<const Duration> by_transfer) : by_transfer_(by_transfer) {}

  bool has(const Op& op) const {
    return op.kind == OpKind::collective && !by_transfer_.empty() && time_of(op) >= Duration();
  }
  // Precondition: it has it; ps.
  std::int64_t of(const Op& op) const { return time_of(op).count_ps(); }

  std::span<const Duration> by_transfer() const { return by_transfer_; }

 private:
  Duration time_of(const Op& op) const { return by_transfer_[static_cast<std::size_t>(op.payload)]; }

  std::span<const Duration> by_transfer_;  // empty: there are none
};

// What a call of a block takes.
struct LeapBlock {
  std::int64_t cost = 0;  // ps
  std::vector<Spent> spent;
  bool has_kernels = false;
  bool meets_others = false;  // it has collectives with others
};

// Blocks of all programs. Of one that several programs share it looks once at those for which it takes the same.
class LeapBlocks {
 public:
  const LeapBlock& of(const Block& block, const SoloTimes& solo);

 private:
  struct Known {
    const Op* ops = nullptr;
    SoloTimes solo;
    LeapBlock block;
  };

  std::deque<Known> known_;  // their place does not change
};

// What the ops of a block take from op `from` on; ps.
std::int64_t cost_from(const Block& block, OpIndex from, const SoloTimes& solo);

}  // namespace orrery::sim
