#pragma once

#include <cstdint>

#include "gui/model/store/event.h"

namespace orrery::gui {

// How much longer an event takes than its partner, in 64ths of a doubling: kMost is twice
// as long and more, -kMost half and less. A byte, since a line of pixels asks two thousand times.
using Difference = std::int8_t;
inline constexpr Difference kAlone = INT8_MIN;  // it has no partner
inline constexpr Difference kMostDifference = 64;
// Within 5 % it is as long.
inline constexpr Difference kAlike = 4;

// Of lengths: an instant counts as a nanosecond.
Difference difference_of(Ns partner, Ns event);

}  // namespace orrery::gui
