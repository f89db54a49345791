#pragma once

#include <unordered_map>
#include <unordered_set>

#include "interop/proto_message.h"
#include "interop/trace/read/byte_window.h"
#include "interop/trace/read/open_slices.h"
#include "interop/trace/read/perfetto/annotations.h"
#include "interop/trace/read/perfetto/sequence.h"
#include "interop/trace/read/perfetto/track_table.h"

namespace orrery::interop {

// Reads Perfetto's protobuf: track events with interned names, incremental state
// and clocks, tracks, counters, flows, compressed packets. What is no track event
// (scheduling, logs, samples of memory) is not for a timeline of training.
class PerfettoReader {
 public:
  explicit PerfettoReader(TraceTeller& teller)
      : teller_(teller), tracks_(teller), open_(teller), annotations_(teller) {}

  // To the end of the bytes. The error is that this is no trace.
  Errors read(ByteWindow& window, const std::string& file);

 private:
  // Of one packet, before its event is looked at: the order of fields is free.
  struct Packet {
    std::optional<std::uint64_t> timestamp;
    std::optional<std::uint32_t> clock;
    std::uint32_t sequence = 0;
    std::uint32_t flags = 0;
    bool cleared = false;
    std::optional<ProtoMessage> event, interned, defaults, track, clocks;
    std::string_view compressed;
  };
  // Used again and again, so that its lists stay allocated.
  struct Event {
    int type = 0;
    std::optional<std::uint64_t> track;
    TraceNameId name, category;
    std::string categories;  // in place of `category`, where there are several or one is spelled out
    std::optional<double> counter_value;
    std::vector<std::uint64_t> flows, ending_flows;
    char phase = 0;  // of a legacy event
    std::int64_t duration_us = 0;

    void clear();
  };

  void packets(ByteWindow& window, bool within_packet);
  bool short_packet(ByteWindow& window, bool within_packet);
  void whole_packet(ByteWindow& window, std::size_t size, bool within_packet);
  void packet(ProtoMessage message, bool within_packet);
  static Packet parse(ProtoMessage message);
  void unfold(std::string_view compressed);
  void intern(ProtoMessage interned, PerfettoSequence& sequence);
  void intern(ProtoMessage entry, InternedNames& names);
  static void set_defaults(ProtoMessage defaults, PerfettoSequence& sequence);
  void snapshot(ProtoMessage clocks, PerfettoSequence& sequence);
  ClockTime time(const Packet& packet, PerfettoSequence& sequence);
  void event(ProtoMessage message, PerfettoSequence& sequence, ClockTime when);
  PerfettoSequence* sequence_of(std::uint32_t id);
  const Event& parse_event(ProtoMessage message, const PerfettoSequence& sequence);
  void add_category(TraceNameId category);
  void add_category(std::string_view category);
  void legacy(ProtoMessage message, const PerfettoSequence& sequence);
  void slice_event(const Event& event, std::uint64_t uuid, ClockTime when);
  void flows(const Event& event, TraceTrackId track, ClockTime when, bool next_slice);
  void skip(std::string_view reason) { teller_.skip(reason, at_); }

  TraceTeller& teller_;
  PerfettoTracks tracks_;
  OpenSlices open_;
  PerfettoAnnotations annotations_;
  Event event_;
  std::unordered_map<std::uint32_t, PerfettoSequence> sequences_;  // looked up, never walked
  std::pair<std::uint32_t, PerfettoSequence*> last_sequence_{0, nullptr};
  std::unordered_map<std::uint32_t, PerfettoClock> clocks_;  // of the whole trace
  std::unordered_set<std::uint64_t> started_flows_;
  std::uint64_t at_ = 0, packets_ = 0;
};

}  // namespace orrery::interop
