#include "interop/trace/read/teller.h"

#include <charconv>
#include <utility>

#include "interop/trace/format/utf8.h"
#include "sim/base/digest.h"
#include "sim/hash_text.h"

namespace orrery::interop {
namespace {

// Bounds on what a hostile file can make a reader keep.
constexpr std::size_t kMaxNameBytes = 16 << 10, kMaxNamesBytes = 256 << 20;
constexpr std::size_t kMaxProcesses = 1 << 20, kMaxTracks = 1 << 21, kMaxCounters = 1 << 20;
constexpr std::size_t kKeptSkips = 5;

std::string clean(std::string_view text) {
  std::string clean;
  append_utf8(clean, text.substr(0, kMaxNameBytes));
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return clean;
}

// Our own processes are named "rank 17"; those of others have it as their last label when we have converted them.
std::optional<std::uint32_t> rank_in(std::string_view name) {
  constexpr std::string_view kRank = "rank ";
  if (!name.starts_with(kRank)) return {};
  std::uint32_t rank = 0;
  const auto [end, fault] = std::from_chars(name.data() + kRank.size(), name.data() + name.size(), rank);
  if (fault != std::errc() || end != name.data() + name.size()) return {};
  return rank;
}

}  // namespace

TraceNameId TraceTeller::name(std::string_view text) {
  if (names_.empty()) add_name({});
  if (text.empty()) return {0};
  const auto next = static_cast<std::uint32_t>(names_.size());
  if (names_bytes_ + text.size() > kMaxNamesBytes) return {0};
  const std::uint32_t id =
      name_index_.find_or_add(sim::hash_text(text), next, [&](std::uint32_t i) { return spelled_[i] == text; });
  return id == next ? add_name(text) : TraceNameId{id};
}

TraceNameId TraceTeller::add_name(std::string_view text) {
  const TraceNameId id{static_cast<std::uint32_t>(names_.size())};
  spelled_.emplace_back(text);
  names_.push_back(clean(text));
  names_bytes_ += text.size() + names_.back().size() + 2 * sizeof(std::string);
  visitor_.name(id, names_.back());
  return id;
}

std::optional<TraceProcessId> TraceTeller::add(ProcessInfo info) {
  if (processes_.size() >= kMaxProcesses) return full_ = true, std::nullopt;
  const TraceProcessId id{static_cast<std::uint32_t>(processes_.size())};
  processes_.emplace_back();
  change(id, std::move(info));
  return id;
}

std::optional<TraceTrackId> TraceTeller::add(TrackInfo info) {
  if (tracks_.size() >= kMaxTracks) return full_ = true, std::nullopt;
  const TraceTrackId id{static_cast<std::uint32_t>(tracks_.size())};
  tracks_.emplace_back();
  change(id, std::move(info));
  return id;
}

void TraceTeller::change(TraceProcessId id, ProcessInfo info) {
  info.name = clean(info.name);
  info.labels = clean(info.labels);
  processes_[id.value] = std::move(info);
  tell(id);
}

void TraceTeller::change(TraceTrackId id, TrackInfo info) {
  info.name = clean(info.name);
  if (!info.parent.is_none() && info.parent.value >= id.value) info.parent = TraceTrackId::none();  // no circles
  const TrackInfo& track = tracks_[id.value] = std::move(info);
  visitor_.track({id, track.process, track.tid, track.name, track.sort_index, track.parent});
}

void TraceTeller::all_are_of(std::uint32_t rank) {
  rank_of_all_ = rank;
  for (std::uint32_t i = 0; i < processes_.size(); ++i) tell(TraceProcessId{i});
}

void TraceTeller::tell(TraceProcessId id) {
  ProcessInfo& process = processes_[id.value];
  const std::size_t last_label = process.labels.rfind(", ");
  if (const auto named = rank_in(process.name))
    process.rank = named;
  else if (const auto labelled =
               rank_in(std::string_view(process.labels).substr(last_label == std::string::npos ? 0 : last_label + 2)))
    process.rank = labelled;
  else if (rank_of_all_)
    process.rank = rank_of_all_;
  visitor_.process({id, process.pid, process.name, process.labels, process.sort_index, process.rank});
}

std::optional<TraceCounterId> TraceTeller::counter(TraceProcessId process, std::string_view name,
                                                   std::string_view series, std::string_view unit) {
  const auto next = static_cast<std::uint32_t>(counters_.size());
  if (next >= kMaxCounters) return full_ = true, std::nullopt;
  const std::uint64_t hash = Digest().add(process.value).add(sim::hash_text(name)).add(sim::hash_text(series)).value();
  const std::uint32_t found = counter_index_.find_or_add(hash, next, [&](std::uint32_t i) {
    const Counter& c = counters_[i];
    return c.process == process && c.name == name && c.series == series;
  });
  if (found == next) {
    counters_.push_back({process, std::string(name), std::string(series), false, Time(), 0});
    const std::string shown = clean(name), part = clean(series), in = clean(unit);
    visitor_.counter({TraceCounterId{next}, process, shown, part, in});
  }
  return TraceCounterId{found};
}

bool TraceTeller::shows(TraceProcessId process) const {
  if (options_.ranks.empty()) return true;
  const std::optional<std::uint32_t>& rank = processes_[process.value].rank;
  return rank && contains(options_.ranks, *rank);
}

std::optional<Time> TraceTeller::time(ClockTime t, std::uint64_t at) {
  if (finder_) finder_->see(t);
  const ClockTime since = t - zero_;
  if (since > kFarApart || since < -kFarApart) {
    skip("its time is more than 50 days from the others'", at);
    return {};
  }
  const Time time = Time::at(Duration::ps(static_cast<std::int64_t>(since)));
  latest_ = std::max(latest_, time);
  return time;
}

void TraceTeller::slice(TraceTrackId track, ClockTime start, ClockTime end, TraceNameId name, TraceNameId category,
                        TraceArguments arguments, std::uint64_t at) {
  if (end < start) return skip("it ends before it begins", at);
  const auto from = time(start, at), to = from ? time(end, at) : from;
  if (!to) return;
  if (!shows(track) || *to < options_.from || *from >= options_.to) return;
  if (*to == options_.from && *from < *to) return;
  ++summary_.slices;
  visitor_.slice({track, *from, *to - *from, name, category, arguments.all, arguments.version});
}

void TraceTeller::instant(TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category,
                          TraceArguments arguments, std::uint64_t at) {
  const auto t = time(when, at);
  if (!t || !shows(track) || *t < options_.from || *t >= options_.to) return;
  ++summary_.instants;
  visitor_.instant({track, *t, Duration(), name, category, arguments.all, arguments.version});
}

// A counter keeps its value until it changes: one from before the window is told
// when the window opens, at the latest before the counter's first change within, or at
// the end.
void TraceTeller::count(TraceCounterId id, ClockTime when, double value, std::uint64_t at) {
  const auto t = time(when, at);
  Counter& counter = counters_[id.value];
  if (!t || !shows(counter.process) || *t >= options_.to) return;
  if (*t < options_.from) {
    if (!counter.waiting || counter.since <= *t) counter.since = *t, counter.value = value;
    counter.waiting = true;
    return;
  }
  if (counter.waiting && *t > options_.from) {
    ++summary_.counts;
    visitor_.count(id, options_.from, counter.value);
  }
  counter.waiting = false;
  ++summary_.counts;
  visitor_.count(id, *t, value);
}

void TraceTeller::finish() {
  for (std::uint32_t i = 0; i < counters_.size(); ++i) {
    if (!std::exchange(counters_[i].waiting, false)) continue;
    ++summary_.counts;
    visitor_.count(TraceCounterId{i}, options_.from, counters_[i].value);
  }
}

void TraceTeller::flow(std::uint64_t id, TraceFlowPoint::Kind kind, TraceTrackId track, ClockTime when, bool next_slice,
                       std::uint64_t at) {
  const auto t = time(when, at);
  if (!t || !shows(track) || *t < options_.from || *t >= options_.to) return;
  ++summary_.flow_points;
  visitor_.flow({id, kind, track, *t, next_slice});
}

void TraceTeller::skip(std::string_view reason, std::uint64_t at) {
  ++summary_.skipped;
  if (summary_.first_skipped.size() < kKeptSkips)
    summary_.first_skipped.push_back({{file_, 0, 0}, "byte " + std::to_string(at) + ": " + std::string(reason)});
  visitor_.skipped(reason, at);
}

bool TraceTeller::keep_going(const TraceProgress& progress) {
  if (full_ || (finder_ && finder_->decided())) return false;
  if (summary_.cancelled || !visitor_.keep_going(progress)) summary_.cancelled = true;
  return !summary_.cancelled;
}

}  // namespace orrery::interop
