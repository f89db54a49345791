// Arrows of a trace, from the points that files tell of them.
#include <algorithm>

#include "gui/model/store/build/trace_builder.h"

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;
constexpr Ns kRounding = 2;

}  // namespace

// Ours point into the time that a transfer takes; of one that takes none, where it ends,
// which is where the one behind it may begin.
EventRef TraceBuilder::received_at(Ns when, const Track& track, const TraceModel::Parts& parts) {
  for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row) {
    const Row& events = parts.rows[row];
    const std::uint32_t next = events.first_starting_from(when);
    if (next < events.size() && events.start(next) == when && events.duration(next) == 0) return {row, next};
    if (next > 0 && events.end(next - 1) >= when) return {row, next - 1};
  }
  return EventRef::none();
}

EventRef TraceBuilder::event_of(const FlowPoint& point, const TraceModel::Parts& parts) const {
  const std::uint32_t place = track_place_[point.track];
  if (place == kNowhere) return EventRef::none();
  const Track& track = parts.tracks[place];
  if (is_run_ && point.kind == interop::TraceFlowPoint::Kind::end)
    if (const EventRef received = received_at(point.when, track, parts); !received.is_none()) return received;
  EventRef next = EventRef::none();
  Ns earliest = INT64_MAX;
  for (std::uint32_t row = track.first_row + track.rows; row-- > track.first_row;) {
    const Row& events = parts.rows[row];
    if (!point.next_slice)
      if (const auto index = events.at(point.when)) return {row, *index};
    const std::uint32_t from = events.first_starting_from(point.when);
    if (from < events.size() && events.start(from) < earliest) earliest = events.start(from), next = {row, from};
  }
  return next;
}

// Points of one id, in order of time: each stop goes on from the one before, and an
// id that starts again is a new arrow. Kineto lets one start have several ends.
void TraceBuilder::make_arrows(TraceModel::Parts& parts) {
  using Point = interop::TraceFlowPoint::Kind;
  // Of a transfer that takes no time the end may be told a moment before the start.
  const auto order = [this](const FlowPoint& p) { return p.when + (is_run_ && p.kind == Point::end ? kRounding : 0); };
  std::sort(flows_.begin(), flows_.end(), [&](const FlowPoint& a, const FlowPoint& b) {
    if (a.id != b.id) return a.id < b.id;
    return order(a) != order(b) ? order(a) < order(b) : a.kind < b.kind;
  });
  std::vector<Arrow> arrows;
  EventRef from = EventRef::none();
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    if (i > 0 && flows_[i].id != flows_[i - 1].id) from = EventRef::none();
    const EventRef here = event_of(flows_[i], parts);
    if (here.is_none()) continue;
    if (flows_[i].kind != Point::start && !from.is_none() && from != here) arrows.push_back({from, here});
    if (flows_[i].kind != Point::end) from = here;
  }
  flows_ = {};
  parts.arrows = Arrows(std::move(arrows));
}

}  // namespace orrery::gui
