#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/amount.h"

namespace orrery::interop {

// Where a rank stands in the job.
struct RankPlace {
  std::uint32_t node = 0, pp = 0, dp = 0, cp = 0, tp = 0, ep = 0;
  bool operator==(const RankPlace&) const = default;
};

// "node 2, pp 1, dp 0, cp 0, tp 3, ep 0": labels of a process, which every viewer shows
// and every copy of a trace keeps.
std::string labels_of(const RankPlace& place);

// What labels say of a place, and what else they say; no place where not all of it is there.
struct PlacedLabels {
  std::optional<RankPlace> place;
  std::string rest;
};
PlacedLabels place_in(std::string_view labels);

// What is known of a rank beyond what it runs.
struct RankFacts {
  RankPlace place;
  Bytes memory;  // of its GPU
};
// None for ranks of which nothing is known.
using FactsOfRank = std::function<std::optional<RankFacts>(std::uint32_t rank)>;

}  // namespace orrery::interop
