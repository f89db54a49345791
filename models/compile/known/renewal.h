#pragma once

#include <cstdint>
#include <vector>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Costs in ps by kernel of the table, as the ranks of a context take them.
std::vector<std::int64_t> costs_of(const StageContext& context);
// Gives every kernel of a program that is in the table its cost.
void set_times(sim::Program& program, const std::vector<std::int64_t>& costs);

// Gives every buffer the size that it is of.
void set_sizes(SharedList<sim::Buffer>& buffers, const std::vector<std::uint32_t>& of, const std::vector<Bytes>& sizes);

}  // namespace orrery::models
