#include "interop/trace/write/memory_counter.h"

#include <algorithm>
#include <utility>

namespace orrery::interop {

MemoryCounter::MemoryCounter(std::vector<std::int64_t> held)
    : held_(std::move(held)), hidden_(std::any_of(held_.begin(), held_.end(), [](std::int64_t n) { return n != 0; })) {}

void MemoryCounter::change(Time when, std::size_t cause, std::int64_t bytes) {
  if (cause < held_.size()) waiting_.push({when, changes_++, cause, bytes});
}

void MemoryCounter::advance(Time now, Time from, Time to, const Emit& emit) {
  while (!waiting_.empty() && (waiting_.top().when <= now || waiting_.size() > kMaxWaiting)) {
    apply(waiting_.top(), from, to, emit);
    waiting_.pop();
  }
}

void MemoryCounter::apply(const Change& change, Time from, Time to, const Emit& emit) {
  if (change.when < from) {
    held_[change.cause] += change.bytes;
    hidden_ = true;
    return;
  }
  if (hidden_) {
    for (std::size_t cause = 0; cause < held_.size(); ++cause) emit(from, held_, cause);
    hidden_ = false;
  }
  held_[change.cause] += change.bytes;
  if (change.when < to) emit(change.when, held_, change.cause);
}

}  // namespace orrery::interop
