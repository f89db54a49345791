#pragma once

#include <functional>
#include <queue>
#include <span>
#include <vector>

#include "sim/base/duration.h"

namespace orrery::interop {

// What one rank holds over time, by cause, from its allocations and frees.
//
// Spans come in order within a stream, not across streams: a run of coalesced
// ops is told of at its end. So changes wait here until the main stream has
// passed them; by then everything earlier has been told.
class MemoryCounter {
 public:
  using Emit = std::function<void(Time, std::span<const std::int64_t> by_cause, std::size_t changed)>;

  // `held`, by cause: from before the first op to the end.
  explicit MemoryCounter(std::vector<std::int64_t> held);

  void change(Time when, std::size_t cause, std::int64_t bytes);
  // Everything up to `now` is known. Emits what `[from, to)` shows of it.
  void advance(Time now, Time from, Time to, const Emit& emit);

 private:
  // A rank whose main stream has ended must not make others' changes pile up.
  static constexpr std::size_t kMaxWaiting = 4096;

  struct Change {
    Time when;
    std::uint64_t order;
    std::size_t cause;
    std::int64_t bytes;
    bool operator>(const Change& b) const { return when != b.when ? when > b.when : order > b.order; }
  };

  void apply(const Change& change, Time from, Time to, const Emit& emit);

  std::priority_queue<Change, std::vector<Change>, std::greater<>> waiting_;
  std::vector<std::int64_t> held_;
  std::uint64_t changes_ = 0;
  bool hidden_;  // what is held at `from` has not been shown
};

}  // namespace orrery::interop
