#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::report {

// What a few ranks do in the last step of a run: the actions of the schedule, and
// when transfers of a category are in progress.
class StepTimeline : public sim::TraceSink {
 public:
  struct Action {
    Time start, end;
    char type = 'F';  // as in schedule tables
    int chunk = 0;
    std::uint32_t micro_batch = 0;
  };
  struct Busy {
    Time start, end;
  };

  StepTimeline(const sim::Workload& workload, const std::vector<RankId>& ranks);

  bool wants(RankId rank) const override { return rows_.contains(rank); }
  void span(const sim::Span& span) override;

  // In order of their ends.
  const std::vector<Action>& actions(RankId rank) const { return rows_.at(rank).actions; }
  // In order and disjoint; transfers less than `gap` apart are told as one.
  std::vector<Busy> transfers(RankId rank, sim::Category category, Duration gap) const;

 private:
  struct Row {
    std::vector<Action> actions;
    std::map<sim::Category, std::vector<Busy>> transfers;
    Time action_start;
  };
  void on_marker(Row& row, const sim::Span& span, const sim::Marker& marker);

  const sim::Workload& workload_;
  std::map<RankId, Row> rows_;
};

}  // namespace orrery::report
