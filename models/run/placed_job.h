#pragma once

#include <vector>

#include "models/run/run_scenario.h"

namespace orrery::models {

// A scenario as programs, on GPUs of a fabric that others are on too.
struct PlacedJob {
  Scenario scenario;
  Compiled compiled;
  std::vector<RankId> gpu_of;  // by rank
  int first_node = 0;
  int repeats = 1;  // steps that are measured together
  Duration alone;   // one of them, with nobody else on the fabric
};

// The scenario itself first, then those in its `jobs`, each compiled for the machine of all.
Result<std::vector<PlacedJob>> place_jobs(Scenario scenario, const Drawing& drawing = {});

}  // namespace orrery::models
