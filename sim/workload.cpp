#include "sim/workload.h"

#include <algorithm>

namespace orrery::sim {

std::uint64_t Workload::op_count() const {
  IdVector<ProgramId, std::uint64_t> of_program;
  for (const Program& program : programs) of_program.add(program.op_count());
  std::uint64_t all = 0;
  for (const ProgramId program : program_of) all += of_program[program];
  return all * static_cast<std::uint64_t>(std::max(0, steps));
}

}  // namespace orrery::sim
