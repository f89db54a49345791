#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/duration.h"
#include "sim/leaps/legs/legs.h"

namespace orrery::sim {

// The legs of a stream, with what they take.
class Track {
 public:
  Track(const LeapProgram& program, std::span<const Op> ops, const Legs& legs);

  std::span<const Op> ops() const { return ops_; }
  OpIndex size() const { return static_cast<OpIndex>(ops_.size()); }
  const Legs& legs() const { return *legs_; }
  // Times would overflow.
  bool too_long() const { return too_long_; }

  Duration cost_of(const Legs::Timed& ops) const { return Duration::ps(sums_[ops.to] - sums_[ops.from]); }
  Duration cost_of(OpIndex op) const { return cost_of(legs_->timed(op, op + 1)); }

 private:
  std::span<const Op> ops_;
  const Legs* legs_;
  std::vector<std::int64_t> sums_;  // of costs before each op that takes time, and of all; ps
  bool too_long_ = false;
};

}  // namespace orrery::sim
