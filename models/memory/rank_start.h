#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/memory/caching_allocator.h"
#include "models/memory/start_up.h"

namespace orrery::models {

// What a rank that is run for real asks its allocator for beside the steps of its program, and how that is set: all as
// the prediction of what it reserves takes it (ReservedPeaks).
struct RankStart {
  AllocatorOptions allocator;
  std::optional<StartUp> states;        // none: they are resident buffers
  std::vector<std::uint32_t> resident;  // buffers held from before the first step, beside those
};

}  // namespace orrery::models
