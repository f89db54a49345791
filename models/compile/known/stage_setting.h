#pragma once

#include "models/scenario/scenario.h"
#include "models/schedules/schedule.h"

namespace orrery::models {

// All that the program of a stage hangs on beside its rank and its pieces, but for how many samples of what length
// there are: those reach it as the sizes of pieces and of messages, and in the schedule.
class StageSetting {
 public:
  StageSetting(const Scenario& scenario, const Schedule& schedule);
  bool is_of(const Scenario& scenario, const Schedule& schedule) const;

 private:
  ModelSpec model_;
  topology::ClusterSpec cluster_;
  TrainingSpec training_;  // without samples
  LayoutSpec layout_;
  PipelineSpec pipeline_;
  OverlapSpec overlap_;
  Stack software_;
  Placement placement_;
  int turn_, micro_batches_;
  SharedList<std::vector<Action>> order_;
};

}  // namespace orrery::models
