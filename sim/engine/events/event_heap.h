#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::sim {

// Something that is due. Ids come from the position in the workload, so the
// order of events of one instant does not hang on how the run got there.
// `generation` does not order: an event whose owner has since made another plan
// carries an old one and is dropped by whoever takes it.
struct Event {
  Time time;
  std::uint32_t id = 0;
  std::uint32_t generation = 0;

  // One wide number, so that comparing is a subtraction and choosing needs no branch.
  constexpr Int128 key() const { return static_cast<Int128>(time.count_ps()) << 32 | id; }
};
static_assert(sizeof(Event) == 16);

// Items by key(), the least first.
//
// A heap with four children a node: half the levels of a binary one, and the
// four that are compared lie side by side. The least of four is found without
// branches, which no processor could predict (1.5 times as fast as with them).
template <class Item>
class KeyHeap {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  const Item& top() const { return items_.front(); }

  void push(Item item) {
    std::size_t hole = items_.size();
    items_.push_back(item);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!(item.key() < items_[parent].key())) break;
      items_[hole] = items_[parent];
      hole = parent;
    }
    items_[hole] = item;
  }

  Item pop() {
    const Item first = items_.front();
    const Item last = items_.back();
    items_.pop_back();
    if (!items_.empty()) sink(last);
    return first;
  }

 private:
  // The hole goes down to a leaf along the least children, and the item climbs
  // from there: it was last in the heap, so it seldom climbs far.
  void sink(Item item) {
    Item* const items = items_.data();
    const std::size_t n = items_.size();
    std::size_t hole = 0;
    std::size_t first = 1;
    while (first + 4 <= n) {
      const std::size_t best = first + least_of_four(items + first);
      items[hole] = items[best];
      hole = best;
      first = 4 * hole + 1;
    }
    if (first < n) {
      const std::size_t best = least(items, first, n);
      items[hole] = items[best];
      hole = best;
    }
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!(item.key() < items[parent].key())) break;
      items[hole] = items[parent];
      hole = parent;
    }
    items[hole] = item;
  }

  static std::size_t least_of_four(const Item* e) {
    const auto k0 = e[0].key(), k1 = e[1].key(), k2 = e[2].key(), k3 = e[3].key();
    const std::size_t a = k1 < k0;
    const std::size_t b = 2 + std::size_t{k3 < k2};
    const auto ka = k1 < k0 ? k1 : k0, kb = k3 < k2 ? k3 : k2;
    const std::size_t pick = -std::size_t{kb < ka};
    return (a & ~pick) | (b & pick);
  }

  static std::size_t least(const Item* items, std::size_t first, std::size_t n) {
    std::size_t best = first;
    for (std::size_t i = first + 1; i < n; ++i)
      if (items[i].key() < items[best].key()) best = i;
    return best;
  }

  std::vector<Item> items_;
};

// By (time, id): the only place that orders events.
using EventHeap = KeyHeap<Event>;

}  // namespace orrery::sim
