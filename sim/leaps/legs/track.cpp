#include "sim/leaps/legs/track.h"

namespace orrery::sim {

Track::Track(const LeapProgram& program, std::span<const Op> ops, const Legs& legs)
    : ops_(ops), legs_(&legs), sums_(ops.size() + 1) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // ps
  std::int64_t sum = 0;
  for (std::size_t op = 0; op < ops.size(); ++op) {
    const std::int64_t cost = program.cost_of(ops[op]);
    too_long_ |= cost > kLongest - sum;
    if (!too_long_) sum += cost;
    sums_[op + 1] = sum;
  }
}

}  // namespace orrery::sim
