#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace orrery::validate {

// Kendall's tau-b of pairs (x, y): 1 when both rise together, -1 when one falls as
// the other rises; ties count for neither. 1 for less than two pairs, and where all of one side is
// equal (nothing contradicts). O(n log n): Knight, JASA 61 (1966).
double kendall_tau(std::vector<std::pair<std::int64_t, std::int64_t>> pairs);

}  // namespace orrery::validate
