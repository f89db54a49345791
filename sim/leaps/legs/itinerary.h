#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/leaps/legs/legs.h"

namespace orrery::sim {

// A leg of a program.
struct Stop {
  std::uint32_t leg = 0;
  StreamIndex stream = 0;
};

// All legs of a program's streams in an order in which each comes behind what it waits for in the same step, those of
// the main stream as early as that allows: so a rank can take its streams through a step one leg at a time. None if
// some wait for each other. Precondition: what is waited for has been found.
std::optional<std::vector<Stop>> itinerary_of(std::span<const Legs> streams);

}  // namespace orrery::sim
