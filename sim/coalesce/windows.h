#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/program.h"

namespace orrery::sim {

// Ops of the main stream that may be in progress while one of a side stream is: those
// behind `after` and before `before`.
struct Window {
  std::int64_t after = -1;
  std::int64_t before = 0;
};

// Ops of the main stream that wait for a side stream's of the same step, in order; by stream.
std::vector<std::vector<OpIndex>> waits_of_main(const Program& program);

// One for every op of the side stream, for which those of the main stream wait.
std::vector<Window> windows_of(const Program& program, StreamIndex side, std::span<const OpIndex> waits);

}  // namespace orrery::sim
