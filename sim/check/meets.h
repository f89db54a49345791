#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/digest.h"
#include "sim/program.h"

namespace orrery::sim {

struct Place {
  StreamIndex stream = 0;
  OpIndex op = 0;
};

// What a program sends (or receives) over one peer role and tag in a step.
struct Traffic {
  PeerRole role = 0;
  std::uint16_t tag = 0;
  bool sends = false;
  std::uint64_t count = 0;
  std::int64_t bytes = 0;
  Place first;
};

// The collectives that a program issues on one stream over one group role, in order.
struct Sequence {
  StreamIndex stream = 0;
  GroupRole role = 0;
  Digest digest;
  std::vector<OpIndex> ops;
};

// Whom a program meets in a step, over its roles.
struct Meets {
  std::vector<Traffic> traffic;
  std::vector<Sequence> sequences;
};

Meets met_in_a_step(const Program& program);

}  // namespace orrery::sim
