#pragma once

#include <cstdint>
#include <span>

#include "sim/base/duration.h"
#include "sim/leaps/legs/legs.h"

namespace orrery::sim {

// The legs of a stream, with what they take.
class Track {
 public:
  // `sums`: by place among the program's ops that take time (Legs::Places), what those before it in its stream take;
  // ps.
  Track(std::span<const Op> ops, const Legs& legs, const std::int64_t* sums) : ops_(ops), legs_(&legs), sums_(sums) {}

  std::span<const Op> ops() const { return ops_; }
  OpIndex size() const { return static_cast<OpIndex>(ops_.size()); }
  const Legs& legs() const { return *legs_; }

  Duration cost_of(const Legs::Timed& ops) const { return Duration::ps(sums_[ops.to] - sums_[ops.from]); }
  Duration cost_of(OpIndex op) const { return cost_of(legs_->timed(op, op + 1)); }

 private:
  std::span<const Op> ops_;
  const Legs* legs_;
  const std::int64_t* sums_;
};

}  // namespace orrery::sim
