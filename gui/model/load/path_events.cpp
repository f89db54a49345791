#include "gui/model/load/path_events.h"

namespace orrery::gui {

std::vector<EventRef> events_of(const OpEvents& events, const sim::CriticalPath& path) {
  std::vector<EventRef> found;
  for (const sim::PathSegment& segment : path.segments) {
    const Ns middle = (segment.from.count_ps() / 2 + segment.to.count_ps() / 2) / 1'000;
    const std::size_t before = found.size();
    events.at(segment.rank, segment.stream, segment.op, middle, found);
    // Two segments of one event: its waiting and its work.
    if (before > 0 && found.size() == before + 1 && found[before - 1] == found[before]) found.pop_back();
  }
  return found;
}

}  // namespace orrery::gui
