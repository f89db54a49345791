#include "validate/probe/family/sequences.h"

#include <map>

namespace orrery::validate {

std::vector<KernelSequence> schedule_actions(const std::string& name, const models::Compiled& compiled) {
  const sim::Workload& workload = compiled.workload;
  if (workload.ranks() == 0) return {};
  const sim::Program& program = workload.programs[workload.program_of[RankId{0}]];
  const sim::Stream& stream = program.streams[sim::kMainStream];
  std::map<char, KernelSequence> actions;
  KernelSequence* open = nullptr;
  for (std::size_t i = 0; i < stream.ops.size(); ++i) {
    if (stream.ops[i].kind == sim::OpKind::marker) {
      const sim::Marker& marker = program.markers[static_cast<std::size_t>(stream.ops[i].payload)];
      const bool is_new = marker.kind == sim::Marker::Kind::action_begin && !actions.contains(marker.action);
      open = is_new ? &actions[marker.action] : nullptr;
      if (open != nullptr) open->name = name + ": " + marker.action;
    }
    const std::uint32_t kernel = stream.notes[i].kernel;
    if (open != nullptr && stream.ops[i].kind == sim::OpKind::kernel && kernel < compiled.kernels.size())
      open->kernels.push_back(compiled.kernels[kernel]);
  }
  std::vector<KernelSequence> out;
  for (auto& [action, sequence] : actions)
    if (!sequence.kernels.empty()) out.push_back(std::move(sequence));
  return out;
}

}  // namespace orrery::validate
