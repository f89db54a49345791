#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace orrery::gui {

// Nanoseconds since the trace's zero, and lengths of time: what a screen can show.
using Ns = std::int64_t;

struct TimeRange {
  Ns begin = 0, end = 0;  // [begin, end)

  Ns length() const { return end - begin; }
  bool empty() const { return end <= begin; }
  TimeRange cut(TimeRange to) const { return {std::max(begin, to.begin), std::min(end, to.end)}; }
  bool operator==(const TimeRange&) const = default;
};

// One box. What it has in common with others (name, class, arguments) is its kind.
struct Event {
  Ns start = 0;
  std::uint32_t duration = 0;  // Row::kLong: the row knows, it is beyond 4.29 s
  std::uint32_t kind = 0;      // index into TraceModel::kinds()
};
static_assert(sizeof(Event) == 16);

// Where an event stands.
struct EventRef {
  std::uint32_t row = UINT32_MAX;
  std::uint32_t index = 0;

  static constexpr EventRef none() { return {}; }
  bool is_none() const { return row == UINT32_MAX; }
  auto operator<=>(const EventRef&) const = default;
};

}  // namespace orrery::gui
