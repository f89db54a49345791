#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "interop/trace/read/perfetto/interned_names.h"
#include "interop/trace/read/teller.h"

namespace orrery::interop {

// A clock of a trace: "value v of it is that moment of the trace's own clock".
struct PerfettoClock {
  std::int64_t value_ns = 0, trace_ns = 0;
  std::int64_t multiplier_ns = 1;
  bool incremental = false;
  std::int64_t last = 0;  // of an incremental one, in its own unit
};

// What the packets of one writer leave behind for those that follow: names that
// were spelled out once, clocks, defaults. Cleared when the writer says so.
struct PerfettoSequence {
  InternedNames names, categories, annotation_names, annotation_strings;
  std::unordered_map<std::uint32_t, PerfettoClock> clocks;
  std::uint32_t default_clock = 0;  // 0: the trace's own
  std::optional<std::uint64_t> default_track;
};

}  // namespace orrery::interop
