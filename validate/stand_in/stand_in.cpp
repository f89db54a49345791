#include "validate/stand_in/stand_in.h"

#include <algorithm>

namespace orrery::validate {

StreamHandle StandIn::add_stream(RankId rank, const std::string&, StreamUse) {
  if (rank.value >= held_.size()) held_.resize(rank.value + 1u);
  streams_.push_back({rank, Time()});
  return static_cast<StreamHandle>(streams_.size() - 1);
}

EventHandle StandIn::record(StreamHandle stream) {
  events_.push_back(streams_[stream].clock);
  return static_cast<EventHandle>(events_.size() - 1);
}

void StandIn::wait(StreamHandle stream, EventHandle event) {
  streams_[stream].clock = std::max(streams_[stream].clock, events_[event]);
}

void StandIn::kernel(StreamHandle stream, const Work& work, const Place& place) {
  streams_[stream].clock = streams_[stream].clock + durations_->kernel(work, place);
}

std::optional<BufferHandle> StandIn::allocate(StreamHandle stream, std::span<const Bytes> tensors) {
  Bytes bytes;
  for (const Bytes tensor : tensors) bytes += tensor;
  Bytes& held = held_[streams_[stream].rank.value];
  if (limit_ && held + bytes > *limit_) return std::nullopt;
  held += bytes;
  ++live_;
  buffers_.push_back(bytes);
  return static_cast<BufferHandle>(buffers_.size() - 1);
}

void StandIn::free(StreamHandle stream, BufferHandle buffer) {
  held_[streams_[stream].rank.value] -= buffers_[buffer];
  --live_;
}

Errors StandIn::synchronize() {
  Time present;
  for (const Stream& stream : streams_) present = std::max(present, stream.clock);
  for (Stream& stream : streams_) stream.clock = present;
  return {};
}

// Transfers of one group run side by side: each from the arrival of its own
// endpoints, whatever else those wait for.
void StandIn::exchange(std::span<const Exchange> together) {
  for (const Exchange& exchange : together) {
    Time met;
    for (const Endpoint& endpoint : exchange.local) met = std::max(met, events_[endpoint.arrived]);
    const Time end = met + durations_->transfer(exchange);
    for (const Endpoint& endpoint : exchange.local) {
      Time& clock = streams_[endpoint.stream].clock;
      clock = std::max(clock, end);
    }
  }
}

}  // namespace orrery::validate
