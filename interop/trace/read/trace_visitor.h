#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "sim/base/duration.h"
#include "sim/base/id.h"

// What a reader of traces tells while it streams through a file. A reader keeps
// no events: who listens decides what to remember.
//
// Promises, the same for every format:
//  - Ids count from 0 without gaps, in the order in which they are declared, and
//    nothing is spoken of before it is declared: an array is the right table.
//  - Files may name things late. A process, track or counter may be declared
//    again under its id when more is known; the last word stands.
//  - Texts are valid UTF-8, and names have no control characters.
//  - Every string_view and span lives for the call only.
//  - Calls come one after another, in the thread that called read_trace.
namespace orrery::interop {

using TraceProcessId = Id<struct TraceProcessTag>;
using TraceTrackId = Id<struct TraceTrackTag>;
using TraceCounterId = Id<struct TraceCounterTag>;
using TraceNameId = Id<struct TraceNameTag>;  // a text of the trace's string table; 0 is the empty one

// Of our traces a rank; of Kineto's the Python process, or a GPU.
struct TraceProcess {
  TraceProcessId id;
  std::int64_t pid = 0;  // as in the file; 0 where that is no number
  std::string_view name;
  std::string_view labels;  // of ours: the rank's program
  std::int64_t sort_index = 0;
  std::optional<std::uint32_t> rank;  // where the file says which
};

// A row of slices: a thread, a GPU's stream.
struct TraceTrack {
  TraceTrackId id;
  TraceProcessId process;
  std::int64_t tid = 0;  // as in the file; 0 where that is no number
  std::string_view name;
  std::int64_t sort_index = 0;
  TraceTrackId parent = TraceTrackId::none();  // a smaller id; none: directly below its process
};

struct TraceCounter {
  TraceCounterId id;
  TraceProcessId process;
  std::string_view name;    // "memory (bytes)"
  std::string_view series;  // "parameters": a counter of several is stacked; empty where it has one
  std::string_view unit;    // "bytes", "B/s"; empty where the file does not say
};

// An object or a list among the arguments, as the text that stands in the file.
struct TraceJson {
  std::string_view text;
};
struct TraceArgument {
  std::string_view key;
  std::variant<std::int64_t, double, bool, std::string_view, TraceJson> value;
};

// Those of one event. Where `version` is not zero, all of the reading that have the same have
// the same arguments: who has looked at them once need not again.
struct TraceArguments {
  TraceArguments(std::span<const TraceArgument> those = {}, std::uint64_t known_as = 0)
      : all(those), version(known_as) {}

  std::span<const TraceArgument> all;
  std::uint64_t version = 0;
};

// Something that took time on a track, or (`instant`) something that happened there.
struct TraceSlice {
  TraceTrackId track;
  Time start;
  Duration duration;  // never negative
  TraceNameId name;
  TraceNameId category;  // "kernel"; several are as in the file, "a,b"
  std::span<const TraceArgument> arguments;
  std::uint64_t arguments_version = 0;  // see TraceArguments
};

// One end of an arrow, or a stop on its way. Ends of one arrow have the same id;
// files have ends without a partner, and ids that are used again later.
struct TraceFlowPoint {
  enum class Kind : std::uint8_t { start, step, end };

  std::uint64_t id = 0;
  Kind kind = Kind::start;
  // The slice it belongs to is the innermost of this track around this time; with
  // `next_slice`, the first that starts then or later.
  TraceTrackId track;
  Time when;
  bool next_slice = false;
};

struct TraceProgress {
  std::uint64_t bytes = 0;  // of the file, as it lies on the disk
  std::uint64_t total = 0;
};

class TraceVisitor {
 public:
  virtual ~TraceVisitor() = default;

  // Once, before all else, where the trace's zero is not its clock's: what that
  // clock showed then. Times are picoseconds from the trace's zero, which is the
  // clock's own for clocks that start with the run (so times stay as in the file,
  // and some may be negative), and the earliest event for those that count from
  // boot or from 1970.
  virtual void zero(std::int64_t /*clock_ns*/) {}

  virtual void name(TraceNameId id, std::string_view text) = 0;
  virtual void process(const TraceProcess& process) = 0;
  virtual void track(const TraceTrack& track) = 0;
  virtual void counter(const TraceCounter& /*counter*/) {}

  // In the order of the file: neither sorted by time, nor outer before inner. On
  // one track slices should nest, and those of foreign files may overlap.
  virtual void slice(const TraceSlice& slice) = 0;
  virtual void instant(const TraceSlice& /*instant*/) {}
  // From `when` on the counter stands at `value`.
  virtual void count(TraceCounterId /*counter*/, Time /*when*/, double /*value*/) {}
  virtual void flow(const TraceFlowPoint& /*point*/) {}

  // A broken event was left out; `at` is its byte in the file once decompressed.
  virtual void skipped(std::string_view /*reason*/, std::uint64_t /*at*/) {}

  // Asked at least every 10 ms of work; false ends the reading.
  virtual bool keep_going(const TraceProgress& /*progress*/) { return true; }
};

}  // namespace orrery::interop
