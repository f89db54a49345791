#include "interop/trace/rank_range.h"

#include <algorithm>
#include <charconv>

namespace orrery::interop {
namespace {

bool parse_number(std::string_view text, std::uint32_t& n) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  return fault == std::errc() && end == text.data() + text.size();
}

bool parse_range(std::string_view text, RankRange& range) {
  const std::size_t dash = text.find('-');
  if (!parse_number(text.substr(0, dash), range.first)) return false;
  range.last = range.first;
  return dash == std::string_view::npos || parse_number(text.substr(dash + 1), range.last);
}

}  // namespace

Result<std::vector<RankRange>> parse_rank_ranges(std::string_view text) {
  std::vector<RankRange> ranges;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string_view part = text.substr(from, to - from);
    RankRange range;
    if (!parse_range(part, range))
      return Error{{"--ranks", 0, 0}, "'" + std::string(part) + "' is no rank and no range of ranks; write 0-7,64"};
    if (range.last < range.first)
      return Error{{"--ranks", 0, 0}, "the range " + std::string(part) + " ends before it begins"};
    ranges.push_back(range);
    from = to + 1;
  }
  return ranges;
}

bool contains(std::span<const RankRange> ranges, std::uint32_t rank) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [rank](const RankRange& r) { return r.first <= rank && rank <= r.last; });
}

}  // namespace orrery::interop
