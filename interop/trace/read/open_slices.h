#pragma once

#include <deque>
#include <vector>

#include "interop/trace/read/stored_arguments.h"
#include "interop/trace/read/teller.h"

namespace orrery::interop {

// Slices that a file tells of by their begin and their end. An end closes the
// last begin of its row; rows are threads, or ids of slices that cross threads.
class OpenSlices {
 public:
  explicit OpenSlices(TraceTeller& teller) : teller_(teller) {}

  void begin(std::uint32_t row, TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category,
             TraceArguments arguments, std::uint64_t at);
  // Tells the slice, with `arguments` of the end behind those of the begin.
  void end(std::uint32_t row, ClockTime when, TraceArguments arguments, std::uint64_t at);
  // When the slice that an end would close began.
  std::optional<ClockTime> began(std::uint32_t row) const;
  // What nobody closed ends with the trace: a process that was cut off was in the middle of something.
  void finish();

 private:
  // Begins are used again and again, so that their texts stay allocated.
  struct Begin {
    TraceTrackId track;
    ClockTime when = 0;
    TraceNameId name, category;
    std::uint64_t at = 0;
    StoredArguments arguments;
  };
  struct Row {
    std::deque<Begin> begins;
    std::size_t depth = 0;
  };

  void tell(const Begin& begin, ClockTime end, TraceArguments more);

  TraceTeller& teller_;
  std::deque<Row> rows_;        // grows without moving what is open
  std::size_t kept_bytes_ = 0;  // what a file of begins without ends could make grow
  std::vector<TraceArgument> arguments_;
};

}  // namespace orrery::interop
