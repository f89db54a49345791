#include "validate/compare/kendall.h"

#include <algorithm>
#include <cmath>

namespace orrery::validate {
namespace {

using Values = std::vector<std::int64_t>;

// Sorts [first, last) and returns how many pairs stood the wrong way round.
std::int64_t sort_and_count(Values& values, Values& room, std::size_t first, std::size_t last) {
  if (last - first < 2) return 0;
  const std::size_t middle = first + (last - first) / 2;
  std::int64_t swapped = sort_and_count(values, room, first, middle) + sort_and_count(values, room, middle, last);
  std::size_t a = first, b = middle, to = first;
  while (a < middle && b < last) {
    if (values[b] < values[a]) swapped += static_cast<std::int64_t>(middle - a);
    room[to++] = values[b] < values[a] ? values[b++] : values[a++];
  }
  std::copy(values.begin() + a, values.begin() + middle, room.begin() + to);
  std::copy(values.begin() + b, values.begin() + last, room.begin() + to + (middle - a));
  std::copy(room.begin() + first, room.begin() + last, values.begin() + first);
  return swapped;
}

// Pairs of equal neighbours in a sorted range.
template <class Range, class Equal>
std::int64_t tied_pairs(const Range& sorted, Equal equal) {
  std::int64_t pairs = 0, run = 0;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    run = equal(sorted[i - 1], sorted[i]) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

}  // namespace

double kendall_tau(std::vector<std::pair<std::int64_t, std::int64_t>> pairs) {
  const auto n = static_cast<std::int64_t>(pairs.size());
  const std::int64_t all = n * (n - 1) / 2;
  std::sort(pairs.begin(), pairs.end());
  const std::int64_t tied_x = tied_pairs(pairs, [](const auto& a, const auto& b) { return a.first == b.first; });
  const std::int64_t tied_both = tied_pairs(pairs, [](const auto& a, const auto& b) { return a == b; });
  Values y, room(pairs.size());
  for (const auto& pair : pairs) y.push_back(pair.second);
  const std::int64_t discordant = sort_and_count(y, room, 0, y.size());
  const std::int64_t tied_y = tied_pairs(y, [](std::int64_t a, std::int64_t b) { return a == b; });
  const double scale = std::sqrt(static_cast<double>(all - tied_x)) * std::sqrt(static_cast<double>(all - tied_y));
  if (scale == 0) return 1;
  return static_cast<double>(all - tied_x - tied_y + tied_both - 2 * discordant) / scale;
}

}  // namespace orrery::validate
