#pragma once

#include <optional>
#include <vector>

#include "models/compile/pieces/chunks.h"
#include "models/compile/stage/stage_context.h"
#include "models/memory/start_up.h"

namespace orrery::models {

// What a stage's program has around its passes: what is held, and the optimizer's step. It hangs on parameters, and
// with them on the number of samples' positions; in passes nothing does, if data parallelism stays out of them.
struct Surroundings {
  sim::Program program;  // without passes
  HeldWeights held;
  std::vector<sim::Transfer> transfers;  // StageContext::transfers_beside
  std::vector<std::uint32_t> kernels;    // and kernels_beside
};

// None: passes have a part in it.
std::optional<Surroundings> surroundings(const StageContext& context, const Chunks& chunks);

// Whether they differ in no more than sizes and times.
bool alike(const Surroundings& some, const Surroundings& others);

}  // namespace orrery::models
