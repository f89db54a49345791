#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/compile/compile.h"
#include "models/memory/caching_allocator.h"
#include "sim/base/id.h"

namespace orrery::models {

// What a rank that is run for real asks its allocator for beside the steps of its program, and how that is set: all as
// the prediction of what it reserves takes it (ReservedPeaks).
struct RankStart {
  AllocatorOptions allocator;
  std::optional<StartUp> states;        // none: they are resident buffers
  std::vector<std::uint32_t> resident;  // buffers held from before the first step, beside those
};

// Of every rank. Of the start-ups of its program a rank has that of its place among those that share its states, so
// that together they are all that the prediction has looked at.
IdVector<RankId, RankStart> rank_starts(const Scenario& scenario, const Compiled& compiled);

}  // namespace orrery::models
