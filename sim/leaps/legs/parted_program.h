#pragma once

#include <memory>
#include <span>
#include <vector>

#include "sim/leaps/legs/itinerary.h"
#include "sim/leaps/legs/legs.h"

namespace orrery::sim {

// How a program parts into legs. Hangs on no time.
struct PartedProgram {
  std::vector<Legs> streams;
  Itinerary order;  // to go through them in
};
using ProgramLegs = std::shared_ptr<const PartedProgram>;

// None if something waits for what is not there, or in a circle. `streams`: the program's ops.
ProgramLegs legs_of(const LeapProgram& program, std::span<const std::span<const Op>> streams);

}  // namespace orrery::sim
