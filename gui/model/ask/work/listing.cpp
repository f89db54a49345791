#include "gui/model/ask/work/listing.h"

#include <algorithm>

namespace orrery::gui {
namespace {

// With its beginning, which sorting asks for all the time.
struct Listed {
  Ns begin;
  EventRef event;
  auto operator<=>(const Listed&) const = default;
};

void keep_earliest(std::vector<Listed>& events, std::size_t most) {
  if (events.size() <= most) return;
  std::nth_element(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(most), events.end());
  events.resize(most);
}

}  // namespace

std::vector<EventRef> first_events(const TraceModel& model, std::span<const std::uint32_t> tracks, TimeRange range,
                                   std::size_t most, const GoOn& go_on) {
  Tally tally(go_on, tracks.size() * most);
  std::vector<Listed> found;
  for (const std::uint32_t shown : tracks) {
    const Track& of = model.tracks()[shown];
    for (std::uint32_t r = of.first_row; r < of.first_row + of.rows; ++r) {
      const Row& row = model.rows()[r];
      // Each row may give as many as there is room for: the earliest of all are kept.
      std::size_t taken = 0;
      for (std::uint32_t i = row.first_ending_after(range.begin);
           i < row.size() && row.start(i) < range.end && taken < most && tally.add(1); ++i, ++taken)
        found.push_back({row.start(i), {r, i}});
    }
    if (found.size() > 8 * most) keep_earliest(found, most);
  }
  keep_earliest(found, most);
  std::sort(found.begin(), found.end());
  std::vector<EventRef> events;
  for (const Listed& one : found) events.push_back(one.event);
  return events;
}

}  // namespace orrery::gui
