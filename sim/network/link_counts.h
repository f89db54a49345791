#pragma once

#include <cstdint>
#include <vector>

#include "sim/phase.h"
#include "sim/run_result.h"

namespace orrery::sim {

// What activities of the measured step do to links: bytes, and time with at least one of them. An overhang of the step
// before is that step's, and the measured step's own overhang counts.
class LinkCounts {
 public:
  explicit LinkCounts(std::size_t links) : users_(links), busy_since_(links) {}

  void start(const Phase& phase, Time when);
  void end(const Phase& phase, Time when, LinkLoads& loads);
  // Of so many that were each alone on their links from start to end.
  static void add_alone(const Phase& phase, Duration busy, std::int64_t times, LinkLoads& loads);

 private:
  std::vector<std::uint32_t> users_;  // by link
  std::vector<Time> busy_since_;
};

}  // namespace orrery::sim
