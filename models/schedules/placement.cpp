#include <numeric>

#include "models/schedules/schedule.h"

namespace orrery::models {

int Schedule::rank_of(int stage, int micro_batch) const {
  const int p = request.ranks, within = stage % p;
  switch (placement) {
    case Placement::linear:
    case Placement::loop:
      return within;
    case Placement::wave:
      return stage / p % 2 == 0 ? within : p - 1 - within;
    case Placement::bidirectional:
      return upward(micro_batch) ? p - 1 - stage : stage;
  }
  return within;
}

int Schedule::stage_of(int rank, int chunk) const {
  const int p = request.ranks, mirrored = p - 1 - rank;
  if (placement == Placement::bidirectional) return chunk == 1 ? mirrored : rank;
  return chunk * p + (placement == Placement::wave && chunk % 2 == 1 ? mirrored : rank);
}

std::size_t Schedule::list_of(int rank) const {
  if (request.replicas.empty()) return static_cast<std::size_t>(rank);
  const auto first = request.replicas.begin();
  return static_cast<std::size_t>(std::accumulate(first, first + rank, 0));
}

int Schedule::step_after(int stage, int micro_batch) const {
  const int here = rank_of(stage, micro_batch);
  if (stage + 1 >= stages() || rank_of(stage + 1, micro_batch) == here) return 0;
  if (placement == Placement::bidirectional) return upward(micro_batch) ? -1 : 1;
  return placement == Placement::wave && stage / request.ranks % 2 == 1 ? -1 : 1;
}

}  // namespace orrery::models
