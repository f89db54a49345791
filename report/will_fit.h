#pragma once

#include <vector>

#include "models/compile/compile.h"
#include "models/memory/allocation_replay.h"
#include "models/scenario/scenario.h"

namespace orrery::report {

// Why what holds too much is left out, where reasons are counted.
inline constexpr const char* kDoesNotFit = "does not fit into memory";

// What the allocator of a program's ranks holds at most, each on its own kind of GPU.
class ReservedByProgram {
 public:
  ReservedByProgram(const models::Scenario& scenario, const models::Compiled& compiled);
  Bytes of(ProgramId program);

 private:
  const models::Scenario& scenario_;
  const models::Compiled& compiled_;
  std::vector<models::ReservedPeaks> on_kind_;
};

// Memory of the GPUs that run a program.
Bytes capacity_of(const models::Scenario& scenario, const models::Compiled& compiled, ProgramId program);
// Known before a run: by what the allocators of all ranks hold at most, of which the run shows no less.
bool will_fit(const models::Scenario& scenario, const models::Compiled& compiled);

}  // namespace orrery::report
