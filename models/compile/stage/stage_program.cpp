#include "models/compile/stage/stage_program.h"

#include <utility>

#include "models/compile/stage/stage_writer.h"

namespace orrery::models {

StageProgram write_stage(StageContext& context, const Chunks& chunks, KnownPasses& passes) {
  context.begin();
  StageWriter writer(context, chunks, passes);
  writer.write();
  return {std::move(context.builder).finish(), writer.held()};
}

}  // namespace orrery::models
