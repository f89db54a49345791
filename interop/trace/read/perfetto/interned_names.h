#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "interop/trace/read/trace_visitor.h"

namespace orrery::interop {

// Names by the numbers that a file gave them. Most files count them up from one, and
// those lie in an array; a number far beyond their count goes to a table beside it, so
// that memory grows with the names and not with their numbers.
class InternedNames {
 public:
  void set(std::uint64_t number, TraceNameId name) {
    if (number >= counted_.size() && number <= 2 * size() + kFew)
      counted_.resize(static_cast<std::size_t>(number) + 1, TraceNameId::none());
    if (number >= counted_.size()) {
      others_[number] = name;
      return;
    }
    TraceNameId& place = counted_[static_cast<std::size_t>(number)];
    if (place.is_none()) ++in_array_;
    place = name;
  }
  // None where no name has that number.
  TraceNameId find(std::uint64_t number) const {
    if (number < counted_.size() && !counted_[static_cast<std::size_t>(number)].is_none())
      return counted_[static_cast<std::size_t>(number)];
    if (others_.empty()) return TraceNameId::none();
    const auto found = others_.find(number);
    return found == others_.end() ? TraceNameId::none() : found->second;
  }
  // The empty one where no name has that number.
  TraceNameId get(std::uint64_t number) const {
    const TraceNameId found = find(number);
    return found.is_none() ? TraceNameId{0} : found;
  }
  std::size_t size() const { return in_array_ + others_.size(); }

 private:
  static constexpr std::size_t kFew = 64;

  std::vector<TraceNameId> counted_;  // by number; none where it is not set
  std::size_t in_array_ = 0;
  std::unordered_map<std::uint64_t, TraceNameId> others_;  // looked up, never walked
};

}  // namespace orrery::interop
