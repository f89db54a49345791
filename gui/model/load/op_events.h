#pragma once

#include <map>
#include <vector>

#include "gui/model/store/trace_model.h"
#include "interop/trace/write/tracks.h"
#include "sim/fold/fold.h"

namespace orrery::gui {

// Which events of a model show an op of the run that it was made from.
class OpEvents {
 public:
  // All must outlive it. `folded`: the run was of one rank for every set of equal ones; null: of all.
  OpEvents(const TraceModel& model, const sim::Workload& workload, const sim::Folded* folded);

  // What the track of the op shows at that time, on every rank that is shown as `rank`
  // of the run. Appends.
  void at(RankId rank, sim::StreamIndex stream, sim::OpIndex op, Ns when, std::vector<EventRef>& to) const;

 private:
  struct ShownRank {
    RankId rank;
    std::vector<std::uint32_t> tracks;  // in the order in which the run declared them
  };

  const TraceModel& model_;
  const sim::Workload& workload_;
  std::map<std::uint32_t, std::vector<ShownRank>> shown_;  // by rank of the run
  std::vector<interop::Tracks> tracks_of_program_;
};

}  // namespace orrery::gui
