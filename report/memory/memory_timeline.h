#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace orrery::report {

// Memory of a few ranks over time, from the allocations and frees of a run.
class MemoryTimeline : public sim::TraceSink {
 public:
  MemoryTimeline(const sim::Workload& workload, const std::vector<RankId>& ranks);

  bool wants(RankId rank) const override { return changes_.contains(rank); }
  void span(const sim::Span& span) override;

  // The highest level in each of `slices` equal parts of [from, to].
  std::vector<Bytes> levels(RankId rank, Time from, Time to, int slices) const;

 private:
  struct Change {
    Time when;
    Bytes delta;
  };
  const sim::Workload& workload_;
  std::map<RankId, std::vector<Change>> changes_;
};

}  // namespace orrery::report
