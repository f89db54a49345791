#pragma once

#include <array>
#include <string>
#include <unordered_map>

#include "interop/proto_message.h"
#include "interop/trace/read/teller.h"

namespace orrery::interop {

// The tracks of a Perfetto trace by their ids. Descriptors may come after the
// events that use them and in any order, so a track becomes a row of a process,
// or a counter, when it is first used or when it is known whose it is.
class PerfettoTracks {
 public:
  explicit PerfettoTracks(TraceTeller& teller) : teller_(teller) {}

  void describe(ProtoMessage descriptor);
  // The row for slices on this track; none when there are too many.
  std::optional<TraceTrackId> row(std::uint64_t uuid);
  std::optional<TraceCounterId> counter(std::uint64_t uuid);
  // What a counter's value in the file means: increments are added up.
  double value(std::uint64_t uuid, double in_file);

 private:
  struct Track {
    std::string name, unit;
    std::uint64_t parent = 0;
    std::int64_t order = 0;
    std::optional<std::int64_t> pid, tid;  // a process has the first, a thread both
    std::string process_name, labels;
    bool is_process = false, is_counter = false, incremental = false;
    double multiplier = 1, sum = 0;

    std::optional<TraceProcessId> process;
    std::optional<TraceTrackId> row;
    std::optional<TraceCounterId> counter;
  };

  // Null where it is not known.
  Track* find(std::uint64_t uuid);
  static void read_process(Track& track, ProtoMessage message);
  static void read_thread(Track& track, ProtoMessage message);
  static void read_counter(Track& track, ProtoMessage message);
  std::optional<TraceProcessId> process_of(std::uint64_t uuid);
  std::optional<TraceProcessId> process_with_pid(std::int64_t pid);
  std::optional<TraceProcessId> own_process(Track& track);
  ProcessInfo process_info(const Track& track) const;
  std::optional<TrackInfo> row_info(std::uint64_t uuid, const Track& track);

  TraceTeller& teller_;
  std::unordered_map<std::uint64_t, Track> tracks_;  // looked up, never walked; nothing leaves it
  // What was found last in each of a few places: events of one track come close together.
  struct Seen {
    std::uint64_t uuid = 0;
    Track* track = nullptr;
  };
  std::array<Seen, 256> seen_;
  std::unordered_map<std::int64_t, TraceProcessId> by_pid_;
};

}  // namespace orrery::interop
