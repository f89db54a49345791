#pragma once

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// The program of one pipeline rank: its actions in the schedule's order, the
// pieces of each, transfers around them, gradient reduction under the last
// backwards, the optimizer at the end.
sim::Program stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors);

}  // namespace orrery::models
