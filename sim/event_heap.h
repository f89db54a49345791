#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/duration.h"

namespace orrery::sim {

// Something that is due. Ids come from the position in the workload, so the
// order of events of one instant does not hang on how the run got there.
// `generation` does not order: an event whose owner has since made another plan
// carries an old one and is dropped by whoever takes it.
struct Event {
  Time time;
  std::uint32_t id = 0;
  std::uint32_t generation = 0;

  friend constexpr bool operator<(const Event& a, const Event& b) {
    return a.time < b.time || (a.time == b.time && a.id < b.id);
  }
};
static_assert(sizeof(Event) == 16);

// Events by (time, id): the only place that orders them.
//
// A heap with four children a node: half the levels of a binary one, and the
// four that are compared lie side by side.
class EventHeap {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  const Event& top() const { return items_.front(); }

  void push(Event event) {
    std::size_t hole = items_.size();
    items_.push_back(event);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!(event < items_[parent])) break;
      items_[hole] = items_[parent];
      hole = parent;
    }
    items_[hole] = event;
  }

  Event pop() {
    const Event first = items_.front();
    const Event last = items_.back();
    items_.pop_back();
    if (!items_.empty()) sink(last);
    return first;
  }

 private:
  void sink(Event event) {
    Event* const items = items_.data();
    const std::size_t n = items_.size();
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = 4 * hole + 1;
      if (first >= n) break;
      const std::size_t best = first + 4 <= n ? least_of_four(items + first) + first : least(items, first, n);
      if (!(items[best] < event)) break;
      items[hole] = items[best];
      hole = best;
    }
    items[hole] = event;
  }

  static std::size_t least_of_four(const Event* e) {
    const std::size_t a = e[1] < e[0] ? 1 : 0;
    const std::size_t b = e[3] < e[2] ? 3 : 2;
    return e[b] < e[a] ? b : a;
  }

  static std::size_t least(const Event* items, std::size_t first, std::size_t n) {
    std::size_t best = first;
    for (std::size_t i = first + 1; i < n; ++i)
      if (items[i] < items[best]) best = i;
    return best;
  }

  std::vector<Event> items_;
};

}  // namespace orrery::sim
