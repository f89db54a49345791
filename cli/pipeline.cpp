#include "cli/pipeline.h"

namespace orrery::cli {

report::MemoryOverTime memory_over_time(const report::MemoryTimeline& timeline, const std::vector<RankId>& ranks,
                                        const sim::RunResult& run, int slices) {
  report::MemoryOverTime over;
  for (const RankId rank : ranks) {
    const sim::RankSummary& summary = run.ranks[rank];
    over.levels.push_back(timeline.levels(rank, summary.previous_step_end, summary.step_end, slices));
  }
  over.step = run.step_time();
  return over;
}

}  // namespace orrery::cli
