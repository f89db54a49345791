#pragma once

#include <cstdint>
#include <vector>

namespace orrery::sim {

// Which of a growing list of things equals one at hand. Keeps their numbers and the
// upper half of their hashes only, in one array, eight bytes each; it is looked up
// and never walked, so results do not depend on hashes.
class HashIndex {
 public:
  // The number of the thing for which `equals` is true, or `next`, which from now on stands for this hash.
  template <class Equals>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, const Equals& equals) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    const auto mark = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = mark & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[i];
      if (slot.number == kFree) {
        slot = {next, mark};
        ++count_;
        return next;
      }
      if (slot.mark == mark && equals(slot.number)) return slot.number;
    }
  }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  struct Slot {
    std::uint32_t number = kFree, mark = 0;
  };

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number == kFree) continue;
      std::size_t i = slot.mark & (slots_.size() - 1);
      while (slots_[i].number != kFree) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t count_ = 0;
};

}  // namespace orrery::sim
