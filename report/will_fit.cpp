#include "report/will_fit.h"

namespace orrery::report {

ReservedByProgram::ReservedByProgram(const models::Scenario& scenario, const models::Compiled& compiled)
    : scenario_(scenario), compiled_(compiled) {
  for (int kind = 0; kind < scenario.cluster.kinds(); ++kind)
    on_kind_.emplace_back(compiled.tensors, models::allocator_options(scenario, kind), compiled.replays);
}

Bytes ReservedByProgram::of(ProgramId program) {
  const auto kind = static_cast<std::size_t>(compiled_.node_of_program[program.value]);
  return on_kind_[kind].of(compiled_.workload.programs[program], scenario_, compiled_.held_by_program[program.value]);
}

Bytes capacity_of(const models::Scenario& scenario, const models::Compiled& compiled, ProgramId program) {
  return scenario.cluster.gpu_of(compiled.node_of_program[program.value]).memory;
}

bool will_fit(const models::Scenario& scenario, const models::Compiled& compiled) {
  ReservedByProgram reserved(scenario, compiled);
  for (ProgramId program{0}; program.value < compiled.workload.programs.size(); ++program.value)
    if (reserved.of(program) + scenario.software.runtime > capacity_of(scenario, compiled, program)) return false;
  return true;
}

}  // namespace orrery::report
