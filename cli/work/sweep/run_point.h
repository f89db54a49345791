#pragma once

#include <string>

#include "models/compile/workbench.h"
#include "models/scenario/scenario.h"
#include "sweep/best.h"
#include "sweep/run_cap.h"

namespace orrery::cli {

// With what points are worked out.
struct PointTools {
  models::Workbench& bench;      // of the thread's own
  sweep::Best* best = nullptr;   // only what may be among those is run
  sweep::RunCap* cap = nullptr;  // how long a run may take
};

// Compiles and runs the scenario of a point that was read from `file`. With `best`, one that does not fit into memory,
// or whose step is at least too long, is pruned.
sweep::Outcome run_point(models::Scenario scenario, const std::string& file, const PointTools& tools);

sweep::Outcome infeasible(std::string reason);
// One line, without places in `file`: a reason is counted over points.
std::string reason_of(const Errors& errors, const std::string& file);

}  // namespace orrery::cli
