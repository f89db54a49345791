#pragma once

#include <vector>

#include "sim/base/duration.h"
#include "validate/cuda/faults.h"
#include "validate/device.h"

namespace orrery::validate::cuda {

// Events of one GPU by handle, the first of them its beginning. What orders ops and what tells
// the time are two things in a graph; else one of them is recorded.
class Events {
 public:
  static constexpr EventHandle kBeginning = 0;

  explicit Events(Faults& faults) : faults_(faults) {}
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Behind what is enqueued in the stream; the beginning after a fault. From here on until
  // `captures` is false again, events become nodes of a graph.
  EventHandle record(cudaStream_t stream, bool timed, bool captures);
  bool is_timed(EventHandle event) const { return event < events_.size() && events_[event].is_timed; }
  // What a stream waits for, or is asked whether it has come.
  cudaEvent_t order_of(EventHandle event) const;
  // All but the beginning may be recorded again.
  void forget() { next_ = kBeginning + 1; }

  // Of timed events. Float milliseconds, as the runtime tells them: to half a microsecond in the first
  // eight seconds. What a fault kept from happening never came.
  Time time_of(EventHandle event) const;
  // Not through the beginning, from which a float tells the hours of a calibration too coarsely.
  Duration between(EventHandle from, EventHandle to) const;

 private:
  struct Event {
    cudaEvent_t timed = nullptr, order = nullptr;
    bool is_timed = false, is_captured = false;
  };

  Faults& faults_;
  std::vector<Event> events_;
  std::size_t next_ = 0;  // those from here on are forgotten, and recorded again
};

}  // namespace orrery::validate::cuda
