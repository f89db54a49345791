#include "models/compile/stage/stage_program.h"

#include <utility>

#include "models/compile/stage/stage_writer.h"

namespace orrery::models {

StageProgram stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors, KnownLayers& layers, KnownPasses& passes,
                           Form form) {
  StageContext context(scenario, schedule, rank, kernels, tensors, layers, form);
  StageWriter writer(context, passes);
  writer.write();
  return {std::move(context.builder).finish(), writer.held()};
}

}  // namespace orrery::models
