#include "sim/coalesce/windows.h"

#include <algorithm>

namespace orrery::sim {

std::vector<std::vector<OpIndex>> waits_of_main(const Program& program) {
  std::vector<std::vector<OpIndex>> waits(program.streams.size());
  const std::span<const Op> main = program.streams[kMainStream].ops;
  for (std::size_t i = 0; i < main.size(); ++i)
    if (main[i].waits() && main[i].after_stream < waits.size() && !main[i].on_previous_step())
      waits[main[i].after_stream].push_back(static_cast<OpIndex>(i));
  return waits;
}

std::vector<Window> windows_of(const Program& program, StreamIndex side, std::span<const OpIndex> waits) {
  const std::vector<Op>& main = program.streams[kMainStream].ops;
  const std::vector<Op>& ops = program.streams[side].ops;
  const auto never = static_cast<std::int64_t>(main.size());
  std::vector<Window> windows(ops.size());
  std::int64_t after = -1;
  for (OpIndex k = 0; k < ops.size(); ++k) {
    const Op& op = ops[k];
    if (op.after_stream == kMainStream && op.waits() && !op.on_previous_step())
      after = std::max<std::int64_t>(after, op.after);
    windows[k] = {after, never};
  }
  for (const OpIndex i : waits) {
    const OpIndex on = main[i].after;
    if (on < ops.size()) windows[on].before = std::min<std::int64_t>(windows[on].before, i);
  }
  std::int64_t before = never;
  for (OpIndex k = static_cast<OpIndex>(ops.size()); k-- > 0;) {
    windows[k].before = before = std::min(windows[k].before, before);
    // It may last into the next step, or begin in the step before.
    if (before == never || windows[k].after < 0) windows[k] = {-1, never};
  }
  return windows;
}

}  // namespace orrery::sim
