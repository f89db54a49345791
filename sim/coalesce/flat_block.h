#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/network/contention.h"
#include "sim/program.h"

namespace orrery::sim {

// Time in kernels of one category.
struct Spent {
  Category category = 0;
  Duration time;
};

// To the last bit.
bool are_equal(std::span<const Op> a, std::span<const Op> b);

// A block of a program, prepared for the loop: how long its ops take at each speed, found once
// for all of its calls. Refers to the ops it was made from, of which none meets others.
class FlatBlock {
 public:
  FlatBlock(std::span<const Op> of_block, const Speeds& speeds);

  struct AtSpeed {
    std::vector<std::int64_t> sums;  // size() + 1: time before each op, and in all; ps
    std::vector<Spent> spent;        // a sum a category

    std::int64_t total() const { return sums.back(); }
    // From the start of op `op` to the end of the block, and from its end.
    std::int64_t from(OpIndex op) const { return sums.back() - sums[op]; }
    std::int64_t behind(OpIndex op) const { return sums.back() - sums[op + 1]; }
  };
  const AtSpeed& at(SpeedIndex speed, const Speeds& speeds) {
    if (speed >= at_.size() || at_[speed].sums.empty()) add(speed, speeds);
    return at_[speed];
  }
  // Precondition: asked for before.
  const AtSpeed& at(SpeedIndex speed) const { return at_[speed]; }

  OpIndex size() const { return static_cast<OpIndex>(ops.size()); }
  std::int64_t cost_of(OpIndex op) const { return ops[op].kind == OpKind::kernel ? ops[op].payload : 0; }

  std::span<const Op> ops;
  bool has_kernels = false;
  bool feels_claims = false;
  bool has_collectives = false;

 private:
  void add(SpeedIndex speed, const Speeds& speeds);

  std::vector<AtSpeed> at_;  // by speed
};

// Blocks of all programs, those of equal ops once.
class FlatBlocks {
 public:
  FlatBlock& of(std::span<const Op> ops, const Speeds& speeds);

 private:
  std::deque<FlatBlock> known_;  // their place does not change
};

}  // namespace orrery::sim
