#include "sim/leaps/legs/itinerary.h"

#include <utility>

namespace orrery::sim {
namespace {

class Planner {
 public:
  explicit Planner(std::span<const Legs> streams) : streams_(streams), next_(streams.size()), busy_(streams.size()) {}

  std::optional<std::vector<Stop>> plan() {
    for (std::size_t s = 0; s < streams_.size(); ++s)
      if (!go_on(static_cast<StreamIndex>(s), static_cast<std::uint32_t>(streams_[s].all().size())))
        return std::nullopt;
    return std::move(stops_);
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
      stops_.push_back({next_[stream], stream});
    }
    busy_[stream] = false;
    return true;
  }

  const std::span<const Legs> streams_;
  std::vector<std::uint32_t> next_;  // by stream: legs before are in
  std::vector<char> busy_;           // likewise
  std::vector<Stop> stops_;
};

}  // namespace

std::optional<std::vector<Stop>> itinerary_of(std::span<const Legs> streams) {
  return Planner(streams).plan();
}

}  // namespace orrery::sim
