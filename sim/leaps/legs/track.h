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

  Duration cost_of(OpIndex op) const { return from_to(op, op + 1); }
  Duration cost_of(const Legs::Leg& leg) const { return from_to(leg.begin, leg.end); }
  // From the start of a leg to where a marker is stamped.
  Duration until(const Legs::Leg& leg, const Legs::Mark& mark) const { return from_to(leg.begin, mark.at); }
  // From the end of an op to that of its leg, which is that one.
  Duration behind(OpIndex op, std::uint32_t leg) const { return from_to(op + 1, legs_->all()[leg].end); }

 private:
  Duration from_to(OpIndex begin, OpIndex end) const {
    return Duration::ps(sums_[legs_->timed_before(end)] - sums_[legs_->timed_before(begin)]);
  }

  std::span<const Op> ops_;
  const Legs* legs_;
  std::vector<std::int64_t> sums_;  // of costs before each op that takes time, and of all; ps
  bool too_long_ = false;
};

}  // namespace orrery::sim
