#include "models/compile/known/surroundings.h"

#include <algorithm>

#include "models/compile/stage/stage_writer.h"
#include "sim/alike.h"

namespace orrery::models {

std::optional<Surroundings> surroundings(const StageContext& of, const Chunks& chunks) {
  StageContext context(of.scenario, of.schedule, of.rank, of.kernels, of.tensors, of.layers, of.form);
  context.begin();
  KnownPasses passes;
  StageWriter writer(context, chunks, passes);
  if (!writer.passes_stand_alone()) return std::nullopt;
  writer.write_surroundings();
  Surroundings found{{}, writer.held(), std::move(context.transfers_beside), std::move(context.kernels_beside)};
  found.program = std::move(context.builder).finish();
  return found;
}

bool alike(const Surroundings& some, const Surroundings& others) {
  const auto same_notes = [](const sim::Stream& a, const sim::Stream& b) { return a.notes == b.notes; };
  return some.kernels == others.kernels && some.transfers.size() == others.transfers.size() &&
         sim::alike(some.program, others.program) &&
         std::equal(some.program.streams.begin(), some.program.streams.end(), others.program.streams.begin(),
                    others.program.streams.end(), same_notes);
}

}  // namespace orrery::models
