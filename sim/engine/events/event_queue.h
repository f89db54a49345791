#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "sim/engine/events/event_heap.h"

namespace orrery::sim {

// Events by (time, id), handed out an instant at a time.
//
// Whole classes of ranks have their events at one instant, so the heap orders
// instants and not events: those of one instant lie in a bucket and are put in
// order when it has come. A small table knows the buckets of the times named last;
// a time that has fallen out of it gets a second bucket, which changes nothing.
// What is planned for the present instant while it is being handled waits in a
// heap of its own, by id.
class EventQueue {
 public:
  bool empty() const { return instants_.empty() && immediate_.empty(); }

  // The next instant. Precondition: !empty().
  Time next() const { return immediate_.empty() ? instants_.top().time : now_; }
  // Forgets the instant taken last: earlier ones may be pushed again. Precondition: empty().
  void restart() { now_ = Time::never(); }

  // Not before the instant taken last.
  void push(const Event& event) {
    if (event.time == now_) return immediate_.push(event);
    Recent& recent = recent_[slot_of(event.time)];
    if (recent.time != event.time) recent = {event.time, open(event.time)};
    buckets_[recent.bucket].push_back(event);
  }

  // Goes on to the next instant: what is due then, in order of ids. Precondition: !empty().
  Time take(std::vector<Event>& due) {
    due.clear();
    if (!immediate_.empty()) {
      while (!immediate_.empty()) due.push_back(immediate_.pop());
      return now_;
    }
    now_ = instants_.top().time;
    while (!instants_.empty() && instants_.top().time == now_) close(instants_.pop().bucket, due);
    if (due.size() > 1 && !std::is_sorted(due.begin(), due.end(), by_id)) std::sort(due.begin(), due.end(), by_id);
    return now_;
  }

  // Whether something was planned for the present instant that comes before `event` in it.
  bool comes_before(const Event& event) const { return !immediate_.empty() && immediate_.top().id < event.id; }
  bool any_immediate() const { return !immediate_.empty(); }
  Event pop_immediate() { return immediate_.pop(); }

 private:
  struct Instant {
    Time time;
    std::uint32_t bucket = 0;

    constexpr std::int64_t key() const { return time.count_ps(); }
  };
  struct Recent {
    Time time = Time::never();
    std::uint32_t bucket = 0;
  };
  static constexpr std::size_t kRecent = 256;

  static bool by_id(const Event& a, const Event& b) { return a.id < b.id; }
  static std::size_t slot_of(Time time) {
    return (static_cast<std::uint64_t>(time.count_ps()) * 0x9e3779b97f4a7c15ull) >> 56;
  }

  std::uint32_t open(Time time) {
    std::uint32_t bucket;
    if (unused_.empty()) {
      bucket = static_cast<std::uint32_t>(buckets_.size());
      buckets_.emplace_back();
    } else {
      bucket = unused_.back();
      unused_.pop_back();
    }
    instants_.push({time, bucket});
    return bucket;
  }

  void close(std::uint32_t bucket, std::vector<Event>& due) {
    for (const Event& event : buckets_[bucket]) due.push_back(event);  // mostly one
    buckets_[bucket].clear();
    unused_.push_back(bucket);
    Recent& recent = recent_[slot_of(now_)];
    if (recent.time == now_) recent.time = Time::never();
  }

  Time now_ = Time::never();  // the instant taken last
  KeyHeap<Instant> instants_;
  EventHeap immediate_;                      // planned for now_ since it was taken
  std::vector<std::vector<Event>> buckets_;  // keep their memory
  std::vector<std::uint32_t> unused_;
  std::array<Recent, kRecent> recent_;
};

}  // namespace orrery::sim
