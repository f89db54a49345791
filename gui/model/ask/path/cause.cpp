#include "gui/model/ask/path/cause.h"

namespace orrery::gui {
namespace {

constexpr Ns kRounding = 2;  // the trace's picoseconds are nanoseconds here

}  // namespace

EventRef cause_of_wait(const TraceModel& model, EventRef wait) {
  const EventClass is = model.class_of(wait);
  if (is != EventClass::bubble && is != EventClass::exposed) return EventRef::none();
  // The first part of a transfer on the stream itself.
  const EventRef begun = model.next(wait);
  if (!begun.is_none() && model.name(wait) == "waiting: " + model.name(begun)) return begun;
  const std::uint32_t own = model.track_of(wait);
  const Ns end = model.range(wait).end;
  EventRef best = EventRef::none();
  Ns longest = 0;
  for (std::uint32_t t = 0; t < model.tracks().size(); ++t) {
    const Track& track = model.tracks()[t];
    if (t == own || track.process != model.tracks()[own].process || track.is_overview()) continue;
    for (std::uint32_t r = track.first_row; r < track.first_row + track.rows; ++r) {
      const Row& row = model.rows()[r];
      const std::uint32_t next = row.first_starting_from(end);
      if (next == 0) continue;
      const TimeRange range = row.range(next - 1);
      if (std::abs(range.end - end) > kRounding || range.length() <= longest) continue;
      best = {r, next - 1}, longest = range.length();
    }
  }
  return best;
}

std::vector<EventRef> before(const TraceModel& model, EventRef event, std::size_t most) {
  std::vector<EventRef> events;
  for (const Arrow& arrow : model.arrows().into(event))
    if (events.size() < most) events.push_back(arrow.from);
  const EventRef cause = cause_of_wait(model, event);
  if (!cause.is_none() && events.size() < most) events.push_back(cause);
  return events;
}

std::vector<EventRef> after(const TraceModel& model, EventRef event, std::size_t most) {
  std::vector<EventRef> events;
  for (const Arrow& arrow : model.arrows().out_of(event))
    if (events.size() < most) events.push_back(arrow.to);
  return events;
}

}  // namespace orrery::gui
