#pragma once

#include "sim/account/accounting.h"
#include "sim/leaps/walk/lines.h"
#include "sim/workload.h"

namespace orrery::sim {

// Where the time of main streams goes, but for their own kernels: waiting for others and in transfers.
class Spending {
 public:
  Spending(const Workload& workload, Lines& lines, Accounting& accounting)
      : workload_(workload), lines_(lines), accounting_(accounting) {}

  // A rank's main stream has waited, from `from` to `to`, when what it waited for ended.
  void expose(RankId id, const Legs::Wait& wait, Time from, Time to);
  // A rank leaves the group of transfers that it has stopped for.
  void pass(RankId id, const Stop& stop);

  // Whether more would have to be known than when transfers were met and ended.
  bool unclear() const { return unclear_; }

 private:
  bool waits_for_pipeline(const LeapRank& rank, const Stop& stop) const;

  const Workload& workload_;
  Lines& lines_;
  Accounting& accounting_;
  bool unclear_ = false;
};

}  // namespace orrery::sim
