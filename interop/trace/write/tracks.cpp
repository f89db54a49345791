#include "interop/trace/write/tracks.h"

#include <algorithm>

namespace orrery::interop {
namespace {

bool is_point_to_point(const sim::Op& op) {
  return op.kind == sim::OpKind::send || op.kind == sim::OpKind::receive;
}

}  // namespace

Tracks::Tracks(const sim::Program& program) : names_{"schedule"} {
  for (const sim::Stream& stream : program.streams) {
    first_.push_back(static_cast<std::uint32_t>(names_.size()));
    std::uint32_t widest = 0;
    for (sim::OpIndex op = 0; op < stream.ops.size(); ++op) widest = std::max(widest, place_in_group(stream, op));
    names_.push_back(stream.name);
    for (std::uint32_t i = 1; i <= widest; ++i) names_.push_back(stream.name + " (" + std::to_string(i + 1) + ")");
  }
}

std::uint32_t Tracks::place_in_group(const sim::Stream& stream, sim::OpIndex op) {
  if (!is_point_to_point(stream.ops[op])) return 0;
  std::uint32_t place = 0;
  while (op-- > 0) {
    const sim::Op& before = stream.ops[op];
    if (before.kind == sim::OpKind::wait) continue;  // in the middle of a group
    if (!is_point_to_point(before) || !before.grouped_with_next()) break;
    ++place;
  }
  return place;
}

}  // namespace orrery::interop
