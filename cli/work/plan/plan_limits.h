#pragma once

#include <functional>

#include "cli/work/plan/plan_layouts.h"
#include "report/plan/plan.h"

namespace orrery::cli {

// The fastest layout of a plan, and who may stop what is asked of it.
struct PlanWinner {
  const PlanLayouts& layouts;
  std::uint64_t layout = 0;
  Duration step;
};

// What more of one thing at a time would give: the same layout on faster hardware and on twice as many GPUs, and of
// the layouts that do not fit the fastest that would with a tenth more memory, and with twice as much.
// `options`: threads, and when to stop; then what is found so far.
report::PlanLimits limits_of(const PlanWinner& winner, const sweep::SearchOptions& options);

}  // namespace orrery::cli
