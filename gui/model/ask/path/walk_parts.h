#pragma once

#include <optional>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Simulated time is in picoseconds and shown in nanoseconds.
inline constexpr Ns kSameMoment = 2;
// A path longer than that nobody looks at.
inline constexpr std::size_t kLongestPath = 4'000'000;

inline bool is_idle(EventClass c) {
  return c == EventClass::bubble || c == EventClass::exposed;
}

// The last event of a row that begins before `when`, or none.
inline EventRef last_begun_before(const TraceModel& model, std::uint32_t row, Ns when) {
  const std::uint32_t next = model.rows()[row].first_starting_from(when);
  return next == 0 ? EventRef::none() : EventRef{row, next - 1};
}

// Tracks of each process.
std::vector<std::vector<std::uint32_t>> tracks_of_processes(const TraceModel& model);

}  // namespace orrery::gui
