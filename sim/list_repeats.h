#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace orrery::sim {

// Where a list says again, byte by byte, what it said before, as one that is written for one micro-batch after another
// does. Of lists that were written in the same way, most items need no look: those that repeat others there too.
// Padding counts: copies have the same.
class ListRepeats {
 public:
  ListRepeats() = default;
  template <class T>
  explicit ListRepeats(std::span<const T> list) : ListRepeats(std::as_bytes(list), sizeof(T)) {
    static_assert(std::is_trivially_copyable_v<T>);
  }

  // Whether `holds(from, to)` is true of the items of some lists, which are equally long, but for those that repeat
  // others in each of the lists: what holds of those holds of these.
  template <class Holds, class... T>
  bool all(const Holds& holds, std::size_t size, std::span<const T>... lists) const {
    std::size_t from = 0;
    for (const Stretch& stretch : stretches_) {
      if (stretch.first + stretch.count > size) break;
      if (!holds(from, stretch.first)) return false;
      from = stretch.first;
      if ((repeats(stretch, lists) && ...)) from += stretch.count;
    }
    return holds(from, size);
  }

  std::size_t stretches() const { return stretches_.size(); }

 private:
  // So many items are those from `like` on once more. The two may overlap.
  struct Stretch {
    std::size_t first, count, like;
  };

  ListRepeats(std::span<const std::byte> bytes, std::size_t item);

  template <class T>
  static bool repeats(const Stretch& stretch, std::span<const T> list) {
    return std::memcmp(&list[stretch.first], &list[stretch.like], stretch.count * sizeof(T)) == 0;
  }

  std::vector<Stretch> stretches_;  // in order, none overlaps the next
};

}  // namespace orrery::sim
