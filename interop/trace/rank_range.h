#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::interop {

struct RankRange {
  std::uint32_t first = 0, last = 0;  // both included
  bool operator==(const RankRange&) const = default;
};

// "0-7,64": what --ranks takes.
Result<std::vector<RankRange>> parse_rank_ranges(std::string_view text);

bool contains(std::span<const RankRange> ranges, std::uint32_t rank);

}  // namespace orrery::interop
