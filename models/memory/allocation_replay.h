#pragma once

#include <vector>

#include "models/memory/caching_allocator.h"
#include "sim/program.h"

namespace orrery::models {

// What the allocator of a rank holds from its driver at most: the rank's program
// read as requests, in the order in which its host issues them, for two steps.
// `tensors` are the lists that Buffer::parts names.
Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options);

}  // namespace orrery::models
