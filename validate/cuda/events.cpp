#include "validate/cuda/events.h"

namespace orrery::validate::cuda {

Events::~Events() {
  for (const Event& event : events_) {
    if (event.timed != nullptr) cudaEventDestroy(event.timed);
    if (event.order != nullptr) cudaEventDestroy(event.order);
  }
}

EventHandle Events::record(cudaStream_t stream, bool timed, bool captures) {
  if (next_ == events_.size()) events_.emplace_back();
  Event& event = events_[next_];
  event.is_timed = timed;
  event.is_captured = captures;
  if (timed) {
    if (event.timed == nullptr && !faults_.ok(cudaEventCreate(&event.timed), "an event")) return kBeginning;
    faults_.ok(cudaEventRecordWithFlags(event.timed, stream, captures ? cudaEventRecordExternal : 0),
               "recording an event");
  }
  if (!timed || captures) {
    if (event.order == nullptr &&
        !faults_.ok(cudaEventCreateWithFlags(&event.order, cudaEventDisableTiming), "an event"))
      return kBeginning;
    faults_.ok(cudaEventRecord(event.order, stream), "recording an event");
  }
  return static_cast<EventHandle>(next_++);
}

cudaEvent_t Events::order_of(EventHandle handle) const {
  const Event& event = events_[handle];
  return event.is_captured || !event.is_timed ? event.order : event.timed;
}

Time Events::time_of(EventHandle event) const {
  if (event == kBeginning || events_.empty()) return Time();
  float ms = 0;
  if (cudaEventElapsedTime(&ms, events_[kBeginning].timed, events_[event].timed) != cudaSuccess) return Time::never();
  return Time::at(Duration::from_seconds(static_cast<double>(ms) * 1e-3));
}

Duration Events::between(EventHandle from, EventHandle to) const {
  float ms = 0;
  if (events_.empty() || cudaEventElapsedTime(&ms, events_[from].timed, events_[to].timed) != cudaSuccess)
    return Duration();
  return Duration::from_seconds(static_cast<double>(ms) * 1e-3);
}

}  // namespace orrery::validate::cuda
