#include "sim/leaps/legs/itinerary.h"

#include <utility>

namespace orrery::sim {

class Itinerary::Planner {
 public:
  explicit Planner(std::span<const Legs> streams) : streams_(streams), next_(streams.size()), busy_(streams.size()) {}

  std::optional<Itinerary> plan() {
    for (std::size_t s = 0; s < streams_.size(); ++s)
      if (!go_on(static_cast<StreamIndex>(s), static_cast<std::uint32_t>(streams_[s].all().size())))
        return std::nullopt;
    return std::move(to_);
  }

 private:
  // Takes a stream past its first `legs` legs; false if it waits for itself in the end.
  bool go_on(StreamIndex stream, std::uint32_t legs) {
    if (next_[stream] >= legs) return true;
    if (busy_[stream]) return false;
    busy_[stream] = true;
    for (; next_[stream] < legs; ++next_[stream]) {
      for (const Legs::Wait& wait : streams_[stream].waits_of(streams_[stream].all()[next_[stream]]))
        if (!wait.previous_step && !go_on(wait.stream, wait.leg + 1)) return false;
      stop_at(stream, next_[stream]);
    }
    busy_[stream] = false;
    return true;
  }

  void stop_at(StreamIndex stream, std::uint32_t index) {
    const Legs& legs = streams_[stream];
    const Legs::Leg& leg = legs.all()[index];
    Stop stop;
    stop.leg = index;
    stop.stream = stream;
    stop.category = leg.category;
    stop.transfers = leg.transfers;
    stop.timed = leg.timed;
    stop.end = legs.end_of(index);
    stop.before = index > 0 ? static_cast<std::int32_t>(stop.end) - 1 : last_end_before(legs);
    stop.first_wait = static_cast<std::uint32_t>(to_.waits_.size());
    stop.first_mark = static_cast<std::uint32_t>(to_.marks_.size());
    for (const Legs::Wait& wait : legs.waits_of(leg)) to_.waits_.push_back(wait);
    for (const Legs::Mark& mark : legs.marks_of(leg)) to_.marks_.push_back(mark);
    stop.end_wait = static_cast<std::uint32_t>(to_.waits_.size());
    stop.end_mark = static_cast<std::uint32_t>(to_.marks_.size());
    to_.stops_.push_back(stop);
  }
  // Where the stream has ended in the step before.
  std::int32_t last_end_before(const Legs& legs) const {
    return static_cast<std::int32_t>(legs.places().ends - 1) - static_cast<std::int32_t>(streams_.back().places().ends);
  }

  const std::span<const Legs> streams_;
  std::vector<std::uint32_t> next_;  // by stream: legs before are in
  std::vector<char> busy_;           // likewise
  Itinerary to_;
};

std::optional<Itinerary> Itinerary::of(std::span<const Legs> streams) {
  return Planner(streams).plan();
}

}  // namespace orrery::sim
