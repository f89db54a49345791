#include "gui/model/ask/path/run_walk.h"

#include <cstdlib>

namespace orrery::gui {
namespace {

bool is_same_moment(Ns a, Ns b) {
  return std::abs(a - b) <= kSameMoment;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> tracks_of_processes(const TraceModel& model) {
  std::vector<std::vector<std::uint32_t>> tracks(model.processes().size());
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) tracks[model.tracks()[i].process].push_back(i);
  return tracks;
}

RunWalk::RunWalk(const TraceModel& model, Ns from)
    : model_(model),
      from_(from),
      tracks_of_(tracks_of_processes(model)),
      bytes_(model.parts().arguments.key("bytes")) {}

bool RunWalk::is_work(EventRef event) const {
  return !is_idle(model_.class_of(event)) && !model_.track(event).is_overview();
}

// Those say how much they move.
bool RunWalk::is_transfer(EventRef event) const {
  return bytes_ && model_.parts().arguments.number(model_.kind(event).arguments, *bytes_).has_value();
}

EventRef RunWalk::last() const {
  EventRef last = EventRef::none();
  for (std::uint32_t row = 0; row < model_.rows().size(); ++row)
    for (std::uint32_t i = model_.rows()[row].size(); i-- > 0;) {
      const EventRef event{row, i};
      if (!is_work(event)) continue;
      if (last.is_none() || model_.range(event).end > model_.range(last).end) last = event;
      break;
    }
  return last;
}

Ns RunWalk::came_at(EventRef event) const {
  const EventRef before = model_.previous(event);
  const Ns start = model_.range(event).begin;
  if (before.is_none() || !is_idle(model_.class_of(before)) || model_.range(before).end != start) return start;
  return model_.name(before) == "waiting: " + model_.name(event) ? model_.range(before).begin : start;
}

EventRef RunWalk::last_to_come(EventRef event) const {
  if (!is_transfer(event)) return event;
  EventRef latest = event;
  Ns came = came_at(event);
  const auto consider = [&](EventRef other) {
    const Ns theirs = came_at(other);
    if (theirs <= came + kSameMoment) return;
    latest = other, came = theirs;
  };
  const auto into = model_.arrows().into(event), out = model_.arrows().out_of(event);
  for (const Arrow& arrow : into) consider(arrow.from);
  for (const Arrow& arrow : out) consider(arrow.to);
  if (!into.empty() || !out.empty()) return latest;
  const Ns end = model_.range(event).end;
  for (std::uint32_t p = 0; p < tracks_of_.size(); ++p)
    for (const std::uint32_t t : tracks_of_[p]) {
      const Track& track = model_.tracks()[t];
      if (p == model_.track(event).process || track.name != model_.track(event).name) continue;
      for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row) {
        const EventRef other = last_begun_before(model_, row, end);
        const bool met = !other.is_none() && is_same_moment(model_.range(other).end, end) && is_work(other) &&
                         model_.name(other) == model_.name(event);
        if (met) consider(other);
      }
    }
  return latest;
}

EventRef RunWalk::cause_at(EventRef event, Ns when) const {
  EventRef cause = EventRef::none();
  const std::uint32_t own = model_.track_of(event);
  for (const std::uint32_t t : tracks_of_[model_.tracks()[own].process]) {
    const Track& track = model_.tracks()[t];
    if (track.is_overview() || (!cause.is_none() && t != own)) continue;
    for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row) {
      const EventRef before = last_begun_before(model_, row, when);
      if (!before.is_none() && is_work(before) && is_same_moment(model_.range(before).end, when)) cause = before;
    }
  }
  return cause.is_none() ? last_over(model_.tracks()[own].process, when) : cause;
}

// Where nothing ended just then: what was over last. The time between is nobody's.
EventRef RunWalk::last_over(std::uint32_t process, Ns when) const {
  EventRef last = EventRef::none();
  for (const std::uint32_t t : tracks_of_[process]) {
    const Track& track = model_.tracks()[t];
    for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row)
      for (EventRef at = last_begun_before(model_, row, when); !at.is_none(); at = model_.previous(at)) {
        if (!is_work(at) || model_.range(at).end > when) continue;
        if (last.is_none() || model_.range(at).end > model_.range(last).end) last = at;
        break;
      }
  }
  return last;
}

std::vector<EventRef> RunWalk::run(const std::function<bool()>& keep_going) {
  std::vector<EventRef> path;
  Ns now = INT64_MAX;
  // Transfers that take no time lead on within a moment, but not for ever.
  const std::size_t most_at_once = 4 * model_.processes().size() + 16;
  std::size_t at_once = 0;
  for (EventRef at = last(); !at.is_none() && path.size() < kLongestPath;) {
    path.push_back(at);
    const EventRef late = last_to_come(at);
    if (late != at) path.push_back(at = late);
    const Ns began = came_at(at);
    at_once = began < now ? 0 : at_once + 1;
    if (began <= from_ || began > now || at_once > most_at_once) break;
    now = began;
    at = cause_at(at, now);
    if (path.size() % 256 == 0 && keep_going && !keep_going()) return {};
  }
  return path;
}

}  // namespace orrery::gui
