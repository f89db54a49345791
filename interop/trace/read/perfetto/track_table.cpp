#include "interop/trace/read/perfetto/track_table.h"

#include "interop/trace/format/perfetto_fields.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMaxDescribed = 1 << 21;
constexpr int kMaxParents = 64;  // and no circles

// "memory: parameters" is a part of "memory".
std::pair<std::string_view, std::string_view> name_and_series(std::string_view name) {
  const std::size_t colon = name.find(": ");
  if (colon == std::string_view::npos) return {name, {}};
  return {name.substr(0, colon), name.substr(colon + 2)};
}

}  // namespace

void PerfettoTracks::describe(ProtoMessage message) {
  if (tracks_.size() >= kMaxDescribed) return;
  Track described;
  std::uint64_t uuid = 0;
  namespace field = field::track;
  while (message.next()) {
    switch (message.tag()) {
      case field::kUuid:
        uuid = message.get_uint64();
        break;
      case field::kName:
      case field::kStaticName:
      case field::kAtraceName:
        described.name = message.get_string();
        break;
      case field::kProcess:
        read_process(described, message.get_message());
        break;
      case field::kThread:
        read_thread(described, message.get_message());
        break;
      case field::kParent:
        described.parent = message.get_uint64();
        break;
      case field::kCounter:
        read_counter(described, message.get_message());
        break;
      case field::kOrderRank:
        described.order = message.get_int32();
        break;
      default:
        message.skip();
    }
  }
  Track& track = tracks_[uuid];
  described.row = track.row, described.counter = track.counter, described.sum = track.sum;
  // Events before the first descriptor made it a process of its own; now it is known whose it is.
  if (described.is_process || (described.parent == 0 && !described.pid)) described.process = track.process;
  track = std::move(described);
  if (track.is_process) {
    if (const auto process = own_process(track)) teller_.change(*process, process_info(track));
  } else if (track.row) {
    if (auto info = row_info(uuid, track)) teller_.change(*track.row, std::move(*info));
  } else if (!track.is_counter && (track.tid || (track.parent != 0 && tracks_.contains(track.parent)))) {
    row(uuid);
  }
}

void PerfettoTracks::read_process(Track& track, ProtoMessage message) {
  track.is_process = true;
  namespace field = field::process;
  while (message.next()) {
    switch (message.tag()) {
      case field::kPid:
        track.pid = message.get_int32();
        break;
      case field::kName:
        track.process_name = message.get_string();
        break;
      case field::kLabels:
        if (!track.labels.empty()) track.labels += ", ";
        track.labels += message.get_string();
        break;
      default:
        message.skip();
    }
  }
}

void PerfettoTracks::read_thread(Track& track, ProtoMessage message) {
  namespace field = field::thread;
  while (message.next()) {
    switch (message.tag()) {
      case field::kPid:
        track.pid = message.get_int32();
        break;
      case field::kTid:
        track.tid = message.get_int64();
        break;
      case field::kName:
        if (track.name.empty())
          track.name = message.get_string();
        else
          message.skip();
        break;
      default:
        message.skip();
    }
  }
}

void PerfettoTracks::read_counter(Track& track, ProtoMessage message) {
  track.is_counter = true;
  namespace field = field::counter;
  while (message.next()) {
    switch (message.tag()) {
      case field::kUnit: {
        const int unit = message.get_enum();
        if (track.unit.empty()) track.unit = unit == kSizeBytes ? "bytes" : unit == kUnitTimeNs ? "ns" : "";
        break;
      }
      case field::kUnitName:
        track.unit = message.get_string();
        break;
      case field::kMultiplier:
        track.multiplier = static_cast<double>(message.get_int64());
        break;
      case field::kIncremental:
        track.incremental = message.get_bool();
        break;
      default:
        message.skip();
    }
  }
}

ProcessInfo PerfettoTracks::process_info(const Track& track) const {
  const std::string& name = track.process_name.empty() ? track.name : track.process_name;
  return {track.pid.value_or(0), name, track.labels, track.order, {}};
}

// The process that a track is, or, of a track that is below none, that it stands for.
std::optional<TraceProcessId> PerfettoTracks::own_process(Track& track) {
  if (track.process) return track.process;
  if (track.pid) {
    track.process = process_with_pid(*track.pid);
    return track.process;
  }
  return track.process = teller_.add(process_info(track));
}

std::optional<TraceProcessId> PerfettoTracks::process_with_pid(std::int64_t pid) {
  if (const auto found = by_pid_.find(pid); found != by_pid_.end()) return found->second;
  const auto process = teller_.add(ProcessInfo{pid, {}, {}, 0, {}});
  if (process) by_pid_.emplace(pid, *process);
  return process;
}

std::optional<TraceProcessId> PerfettoTracks::process_of(std::uint64_t uuid) {
  Track* track = &tracks_[uuid];
  for (int hops = 0; hops < kMaxParents; ++hops) {
    if (track->is_process || track->process || track->pid) return own_process(*track);
    const auto parent = tracks_.find(track->parent);
    if (track->parent == 0 || parent == tracks_.end()) break;
    track = &parent->second;
  }
  return own_process(*track);
}

std::optional<TrackInfo> PerfettoTracks::row_info(std::uint64_t uuid, const Track& track) {
  const auto process = process_of(uuid);
  if (!process) return {};
  TrackInfo info{*process, track.tid.value_or(0), track.name, track.order, TraceTrackId::none()};
  const auto parent = tracks_.find(track.parent);
  if (track.parent != 0 && parent != tracks_.end() && parent->second.row) info.parent = *parent->second.row;
  return info;
}

PerfettoTracks::Track* PerfettoTracks::find(std::uint64_t uuid) {
  // Ours differ in their low bits within a rank and, between ranks, in those above 16.
  Seen& seen = seen_[(uuid ^ uuid >> 16) % seen_.size()];
  if (seen.track != nullptr && seen.uuid == uuid) return seen.track;
  const auto found = tracks_.find(uuid);
  if (found == tracks_.end()) return nullptr;
  seen = {uuid, &found->second};
  return seen.track;
}

std::optional<TraceTrackId> PerfettoTracks::row(std::uint64_t uuid) {
  if (const Track* found = find(uuid); found != nullptr && found->row) return found->row;
  if (tracks_.size() >= kMaxDescribed && !tracks_.contains(uuid)) return {};
  auto info = row_info(uuid, tracks_[uuid]);
  if (!info) return {};
  return tracks_[uuid].row = teller_.add(std::move(*info));
}

std::optional<TraceCounterId> PerfettoTracks::counter(std::uint64_t uuid) {
  if (const Track* found = find(uuid); found != nullptr && found->counter) return found->counter;
  if (tracks_.size() >= kMaxDescribed && !tracks_.contains(uuid)) return {};
  const auto process = process_of(uuid);
  Track& track = tracks_[uuid];
  const auto [name, series] = name_and_series(track.name);
  return track.counter = process ? teller_.counter(*process, name, series, track.unit) : std::nullopt;
}

double PerfettoTracks::value(std::uint64_t uuid, double in_file) {
  Track* const found = find(uuid);
  Track& track = found != nullptr ? *found : tracks_[uuid];
  if (!track.incremental) return in_file * track.multiplier;
  return track.sum += in_file * track.multiplier;
}

}  // namespace orrery::interop
