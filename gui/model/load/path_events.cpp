#include "gui/model/load/path_events.h"

#include <map>

namespace orrery::gui {
namespace {

EventRef shortest_covering(const TraceModel& model, const std::vector<std::uint32_t>& tracks, TimeRange segment) {
  EventRef best = EventRef::none();
  const Ns middle = segment.begin + segment.length() / 2;
  for (const std::uint32_t track : tracks) {
    const EventRef found = model.innermost(track, middle);
    if (found.is_none()) continue;
    const TimeRange range = model.range(found);
    const bool covers = range.begin <= segment.begin + 1 && range.end >= segment.end - 1;
    if (covers && (best.is_none() || range.length() < model.range(best).length())) best = found;
  }
  return best;
}

}  // namespace

std::vector<EventRef> events_of(const TraceModel& model, const sim::CriticalPath& path, const sim::Folded* folded) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> tracks_of_rank;
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) {
    const Track& track = model.tracks()[i];
    const auto& rank = model.processes()[track.process].rank;
    if (rank && !track.is_overview()) tracks_of_rank[*rank].push_back(i);
  }
  std::vector<EventRef> events;
  for (const sim::PathSegment& segment : path.segments) {
    const RankId shown = folded != nullptr ? folded->representative[segment.rank] : segment.rank;
    const auto tracks = tracks_of_rank.find(shown.value);
    if (tracks == tracks_of_rank.end()) continue;
    const TimeRange range{segment.from.count_ps() / 1'000, segment.to.count_ps() / 1'000};
    const EventRef event = shortest_covering(model, tracks->second, range);
    if (!event.is_none() && (events.empty() || events.back() != event)) events.push_back(event);
  }
  return events;
}

}  // namespace orrery::gui
