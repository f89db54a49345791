#pragma once

#include "models/compile/pieces/chunks.h"
#include "models/compile/stage/known_passes.h"
#include "models/compile/stage/stage_context.h"
#include "models/memory/start_up.h"

namespace orrery::models {

struct StageProgram {
  sim::Program program;
  HeldWeights held;
};

// The program of one pipeline rank: its actions in the schedule's order, the
// pieces of each, transfers around them, gradient reduction under the last
// backwards, the optimizer at the end.
StageProgram write_stage(StageContext& context, const Chunks& chunks, KnownPasses& passes);

}  // namespace orrery::models
