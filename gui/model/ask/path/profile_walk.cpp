#include "gui/model/ask/path/profile_walk.h"

#include <algorithm>

namespace orrery::gui {
namespace {

bool is_device_class(EventClass c) {
  return is_compute(c) || is_communication(c) || c == EventClass::copy;
}

// Calls that return when the GPU has done what was asked of it.
bool waits_for_device(const std::string& name) {
  return name.find("Synchronize") != std::string::npos || name.starts_with("cudaMemcpy") ||
         name.starts_with("hipMemcpy");
}

}  // namespace

ProfileWalk::ProfileWalk(const TraceModel& model, TimeRange range) : model_(model), range_(range) {
  find_device_tracks();
  const auto& arrows = model.arrows().all();
  const bool has_launches = std::any_of(
      arrows.begin(), arrows.end(), [&](const Arrow& arrow) { return is_device(arrow.to) && !is_device(arrow.from); });
  if (!has_launches) find_launches();
}

void ProfileWalk::find_device_tracks() {
  constexpr std::uint32_t kLookedAt = 1'000;
  on_device_.assign(model_.tracks().size(), false);
  for (std::uint32_t t = 0; t < on_device_.size(); ++t) {
    const Track& track = model_.tracks()[t];
    for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row)
      for (std::uint32_t i = 0; i < std::min(kLookedAt, model_.rows()[row].size()); ++i)
        if (is_device_class(model_.class_of({row, i}))) on_device_[t] = true;
  }
}

// PyTorch gives a launch and its kernel the same number.
void ProfileWalk::find_launches() {
  const Arguments& arguments = model_.parts().arguments;
  const auto key = arguments.key("correlation");
  if (!key) return;
  correlation_.reserve(model_.kinds().size());
  for (const Kind& kind : model_.kinds()) correlation_.push_back(arguments.number(kind.arguments, *key).value_or(-1));
  for (std::uint32_t t = 0; t < on_device_.size(); ++t) {
    const Track& track = model_.tracks()[t];
    if (on_device_[t]) continue;
    for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row)
      for (std::uint32_t i = 0; i < model_.rows()[row].size(); ++i)
        if (const std::int64_t number = correlation_[model_.rows()[row][i].kind]; number > 0)
          launches_.try_emplace(number, EventRef{row, i});
  }
}

bool ProfileWalk::is_device(EventRef event) const {
  return on_device_[model_.track_of(event)];
}

EventRef ProfileWalk::launch_of(EventRef event) const {
  for (const Arrow& arrow : model_.arrows().into(event))
    if (!is_device(arrow.from)) return arrow.from;
  if (launches_.empty()) return EventRef::none();
  const auto found = launches_.find(correlation_[model_.row(event)[event.index].kind]);
  return found == launches_.end() ? EventRef::none() : found->second;
}

ProfileWalk::At ProfileWalk::last() const {
  At last;
  for (std::uint32_t row = 0; row < model_.rows().size(); ++row)
    for (EventRef at = last_begun_before(model_, row, range_.end); !at.is_none(); at = model_.previous(at)) {
      const EventClass is = model_.class_of(at);
      if (is == EventClass::annotation || (is_device(at) && !is_device_class(is))) continue;
      const Ns end = std::min(model_.range(at).end, range_.end);
      if (last.event.is_none() || end > last.when) last = {at, end};
      break;
    }
  return last;
}

ProfileWalk::At ProfileWalk::before_device(EventRef event) const {
  const Ns start = model_.range(event).begin;
  At before;
  for (EventRef at = model_.previous(event); !at.is_none(); at = model_.previous(at))
    if (is_device_class(model_.class_of(at))) {
      before = {at, model_.range(at).end};
      break;
    }
  const EventRef launch = launch_of(event);
  if (launch.is_none()) return before;
  const Ns launched = std::min(model_.range(launch).end, start);
  return before.event.is_none() || launched > before.when ? At{launch, launched} : before;
}

// Of the same rank, where the file says ranks; else of the whole file, which is one process's.
ProfileWalk::At ProfileWalk::latest_on_device(std::uint32_t host_process, Ns from, Ns to) const {
  At latest;
  for (std::uint32_t t = 0; t < on_device_.size(); ++t) {
    const Track& track = model_.tracks()[t];
    if (!on_device_[t] || model_.processes()[track.process].rank != model_.processes()[host_process].rank) continue;
    for (std::uint32_t row = track.first_row; row < track.first_row + track.rows; ++row)
      for (EventRef at = last_begun_before(model_, row, to); !at.is_none(); at = model_.previous(at)) {
        const Ns end = model_.range(at).end;
        if (end <= from) break;
        if (end > to || !is_device_class(model_.class_of(at))) continue;
        if (latest.event.is_none() || end > latest.when) latest = {at, end};
        break;
      }
  }
  return latest;
}

EventRef ProfileWalk::within(std::uint32_t track, Ns when) const {
  const Track& of = model_.tracks()[track];
  for (std::uint32_t row = of.first_row + of.rows; row-- > of.first_row;) {
    const EventRef at = last_begun_before(model_, row, when);
    if (!at.is_none() && model_.range(at).end >= when && model_.class_of(at) != EventClass::annotation) return at;
  }
  return EventRef::none();
}

// A thread that did nothing until then: what it did last.
ProfileWalk::At ProfileWalk::resumed_at(std::uint32_t track, Ns when) const {
  const Track& of = model_.tracks()[track];
  At last;
  for (std::uint32_t row = of.first_row; row < of.first_row + of.rows; ++row)
    for (EventRef at = last_begun_before(model_, row, when); !at.is_none(); at = model_.previous(at)) {
      if (model_.class_of(at) == EventClass::annotation) continue;
      const Ns end = std::min(model_.range(at).end, when);
      if (last.event.is_none() || end >= last.when) last = {at, end};
      break;
    }
  return last;
}

ProfileWalk::At ProfileWalk::before_host(At at) const {
  const TimeRange range = model_.range(at.event);
  const std::uint32_t track = model_.track_of(at.event);
  if (at.when == range.end && waits_for_device(model_.name(at.event))) {
    const At device = latest_on_device(model_.tracks()[track].process, range.begin, range.end);
    if (!device.event.is_none()) return device;
  }
  // The last call within it that is over, or what went on around it when it began.
  const Track& of = model_.tracks()[track];
  At child;
  for (std::uint32_t row = at.event.row + 1; row < of.first_row + of.rows; ++row) {
    const EventRef inner = last_begun_before(model_, row, at.when);
    if (inner.is_none() || model_.range(inner).begin < range.begin) continue;
    const Ns end = std::min(model_.range(inner).end, at.when);
    if (child.event.is_none() || end >= child.when) child = {inner, end};
  }
  if (!child.event.is_none()) return child;
  const EventRef around = within(track, range.begin);
  if (!around.is_none()) return {around, range.begin};
  At before = resumed_at(track, range.begin);
  for (const Arrow& arrow : model_.arrows().into(at.event)) {
    const Ns when = std::min(model_.range(arrow.from).end, range.begin);
    if (!is_device(arrow.from) && (before.event.is_none() || when > before.when)) before = {arrow.from, when};
  }
  return before;
}

std::vector<EventRef> ProfileWalk::run(const std::function<bool()>& keep_going) {
  std::vector<EventRef> path;
  Ns now = INT64_MAX;
  for (At at = last(); !at.event.is_none() && path.size() < kLongestPath;) {
    path.push_back(at.event);
    const At next = is_device(at.event) ? before_device(at.event) : before_host(at);
    if (next.event.is_none() || next.when <= range_.begin) break;
    // Time stands still where calls begin together; it never runs forward.
    if (next.when > now || (next.when == at.when && next.event == at.event)) break;
    now = next.when;
    at = next;
    if (path.size() % 256 == 0 && keep_going && !keep_going()) return {};
  }
  return path;
}

}  // namespace orrery::gui
