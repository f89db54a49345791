#include "sim/leaps/legs/track.h"

namespace orrery::sim {

Track::Track(const LeapProgram& program, std::span<const Op> ops, const Legs& legs) : ops_(ops), legs_(&legs) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // ps
  std::int64_t sum = 0;
  sums_.reserve(legs.timed().size() + 1);
  for (const OpIndex op : legs.timed()) {
    sums_.push_back(sum);
    const std::int64_t cost = program.cost_of(ops[op]);
    too_long_ |= cost > kLongest - sum;
    if (!too_long_) sum += cost;
  }
  sums_.push_back(sum);
}

}  // namespace orrery::sim
