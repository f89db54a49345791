#include "interop/trace/copy/only_used.h"

namespace orrery::interop {

void OnlyUsed::process(const TraceProcess& process) {
  if (processes_.size() <= process.id.value) processes_.resize(process.id.value + 1);
  auto& kept = processes_[process.id.value];
  kept.told = process, kept.name = process.name, kept.more = process.labels;
  if (!kept.passed_as.is_none()) pass(process.id);
}

void OnlyUsed::track(const TraceTrack& track) {
  if (tracks_.size() <= track.id.value) tracks_.resize(track.id.value + 1);
  auto& kept = tracks_[track.id.value];
  kept.told = track, kept.name = track.name;
  if (!kept.passed_as.is_none()) pass(track.id);
}

void OnlyUsed::counter(const TraceCounter& counter) {
  if (counters_.size() <= counter.id.value) counters_.resize(counter.id.value + 1);
  auto& kept = counters_[counter.id.value];
  kept.told = counter, kept.name = counter.name, kept.more = counter.series, kept.unit = counter.unit;
}

void OnlyUsed::pass(TraceProcessId id) {
  const auto& kept = processes_[id.value];
  TraceProcess told = kept.told;
  // Kineto says once for the whole file whose trace it is; other formats have no place for that.
  const std::string rank = told.rank ? "rank " + std::to_string(*told.rank) : "";
  std::string labels = kept.more;
  if (kept.name != rank && !labels.ends_with(rank)) labels += (labels.empty() ? "" : ", ") + rank;
  told.id = kept.passed_as, told.name = kept.name, told.labels = labels;
  to_.process(told);
}

void OnlyUsed::pass(TraceTrackId id) {
  TraceTrack told = tracks_[id.value].told;
  told.process = used(told.process);
  if (!told.parent.is_none()) told.parent = used(told.parent);  // passed before, but where it has changed
  told.id = tracks_[id.value].passed_as, told.name = tracks_[id.value].name;
  to_.track(told);
}

TraceProcessId OnlyUsed::used(TraceProcessId id) {
  auto& kept = processes_[id.value];
  if (kept.passed_as.is_none()) {
    kept.passed_as = {passed_processes_++};
    pass(id);
  }
  return kept.passed_as;
}

TraceTrackId OnlyUsed::used(TraceTrackId id) {
  // Parents are declared before their children, and hostile files have long lines of them.
  std::vector<TraceTrackId> to_pass;
  for (TraceTrackId at = id; !at.is_none() && tracks_[at.value].passed_as.is_none(); at = tracks_[at.value].told.parent)
    to_pass.push_back(at);
  for (; !to_pass.empty(); to_pass.pop_back()) {
    tracks_[to_pass.back().value].passed_as = {passed_tracks_++};
    pass(to_pass.back());
  }
  return tracks_[id.value].passed_as;
}

TraceCounterId OnlyUsed::used(TraceCounterId id) {
  auto& kept = counters_[id.value];
  if (kept.passed_as.is_none()) {
    kept.passed_as = {passed_counters_++};
    TraceCounter told = kept.told;
    told.id = kept.passed_as, told.process = used(told.process);
    told.name = kept.name, told.series = kept.more, told.unit = kept.unit;
    to_.counter(told);
  }
  return kept.passed_as;
}

TraceSlice OnlyUsed::on_used_track(TraceSlice slice) {
  slice.track = used(slice.track);
  return slice;
}

void OnlyUsed::flow(const TraceFlowPoint& point) {
  TraceFlowPoint passed = point;
  passed.track = used(point.track);
  to_.flow(passed);
}

}  // namespace orrery::interop
