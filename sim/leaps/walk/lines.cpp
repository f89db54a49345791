#include "sim/leaps/walk/lines.h"

namespace orrery::sim {

Lines::Lines(const Workload& workload, const Tracks& tracks) : ranks_(workload.ranks()) {
  std::size_t all = 0;
  const auto steps = static_cast<std::size_t>(workload.steps) + 1;
  for (const ProgramId program : workload.program_of) all += steps * tracks[program].legs->order.ends();
  ends_.resize(all);
  Time* at = ends_.data();
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    LeapRank& rank = ranks_[{r}];
    rank.program = &tracks[workload.program_of[{r}]];
    rank.ends = at + rank.order().ends();
    at += steps * rank.order().ends();
  }
}

}  // namespace orrery::sim
