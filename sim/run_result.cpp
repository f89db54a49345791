#include "sim/run_result.h"

namespace orrery::sim {

Duration RunResult::step_time() const {
  if (step_ends.empty()) return Duration();
  if (step_ends.size() == 1) return step_ends.back().since_start();
  return step_ends.back() - step_ends[step_ends.size() - 2];
}

Digest combine_digests(const IdVector<RankId, RankSummary>& ranks, const std::vector<Time>& step_ends) {
  Digest digest;
  for (const RankSummary& rank : ranks) digest.add(rank.digest.value());
  for (Time end : step_ends) digest.add(static_cast<std::uint64_t>(end.count_ps()));
  return digest;
}

}  // namespace orrery::sim
