#include "report/explain/label.h"

#include <string_view>

namespace orrery::report {

std::string without_layer(const std::string& label) {
  constexpr std::string_view kLayer = "layer ";
  if (!label.starts_with(kLayer)) return label;
  const std::size_t end = label.find_first_not_of("0123456789", kLayer.size());
  if (end == kLayer.size() || end == std::string::npos || label[end] != ' ') return label;
  return label.substr(end + 1);
}

std::string op_name(const sim::Workload& workload, RankId rank, sim::StreamIndex stream, sim::OpIndex op) {
  const sim::Program& program = workload.programs[workload.program_of[rank]];
  return without_layer(program.labels[program.streams[stream].notes[op].label]);
}

}  // namespace orrery::report
