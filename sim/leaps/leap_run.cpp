#include "sim/leaps/leap_run.h"

#include "sim/leaps/calm_run.h"
#include "sim/leaps/clocked_run.h"

namespace orrery::sim {

std::optional<RunResult> leap_run(const Workload& workload, const std::atomic<bool>* stop, LeapMemory* memory) {
  if (!Tracks::suit(workload) || (stop && stop->load(std::memory_order_relaxed))) return std::nullopt;
  const FlowNet network(workload.links);
  const Tracks tracks(workload, network, memory ? &memory->legs : nullptr);
  if (!tracks.sound()) return std::nullopt;
  const auto order = memory ? memory->meetings.of(workload, tracks) : meeting_order(workload, tracks);
  if (!order) return std::nullopt;
  std::optional<RunResult> result = calm_run(workload, tracks, *order, network, stop);
  if (!result) result = clocked_run(workload, tracks, stop);
  if (result) tracks.solo().add_loads(*result);
  return result;
}

}  // namespace orrery::sim
