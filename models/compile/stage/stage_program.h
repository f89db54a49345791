#pragma once

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
StageProgram stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors, KnownLayers& layers, KnownPasses& passes,
                           Form form);

}  // namespace orrery::models
