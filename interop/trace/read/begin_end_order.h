#pragma once

#include <vector>

#include "interop/trace/read/open_slices.h"

namespace orrery::interop {

// Puts begins and ends in the order of time before they are paired: threads that
// flush their buffers at different moments write them in any. A window of events
// waits here; what is further out of order than that stays so.
class BeginEndOrder {
 public:
  explicit BeginEndOrder(OpenSlices& to) : to_(to) {}

  // As of OpenSlices.
  void begin(std::uint32_t row, TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category,
             TraceArguments arguments, std::uint64_t at);
  void end(std::uint32_t row, ClockTime when, TraceArguments arguments, std::uint64_t at);
  void finish();

 private:
  struct Waiting {
    bool begins = false;
    std::uint32_t row = 0;
    TraceTrackId track;
    ClockTime when = 0;
    TraceNameId name, category;
    std::uint64_t at = 0;
    StoredArguments arguments;
  };

  Waiting& add(std::uint32_t row, ClockTime when, TraceArguments arguments, std::uint64_t at);
  // Passes on the earliest `n` of those that wait.
  void release(std::size_t n);

  OpenSlices& to_;
  std::vector<Waiting> places_;  // those beyond count_ are free, and keep their memory
  std::size_t count_ = 0, bytes_ = 0;
};

}  // namespace orrery::interop
