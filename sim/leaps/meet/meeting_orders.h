#pragma once

#include <list>
#include <memory>
#include <vector>

#include "sim/leaps/meet/meeting_order.h"
#include "sim/rank_tables.h"

namespace orrery::sim {

// Orders of meetings of workloads that were run last, for those whose ranks do and are the same, as neighbours in a
// sweep. Not to be shared among threads.
class MeetingOrders {
 public:
  // As meeting_order().
  std::shared_ptr<const MeetingOrder> of(const Workload& workload, const Tracks& tracks);

 private:
  struct Known {
    IdVector<ProgramId, ProgramLegs> programs;
    RankTables ranks;
    std::shared_ptr<const MeetingOrder> order;
  };

  std::list<Known> known_;  // the one asked for last is last
};

}  // namespace orrery::sim
