#pragma once

#include <string>

#include "report/collective/collective_reproduction.h"
#include "sim/base/result.h"

namespace orrery::cli {

// Predicts every row of the measured tables in `folder` (nccl_single_node.csv,
// nccl_tests_logs.csv: those that are there), each on the preset that
// scenarios/published/collectives.yaml names for its platform.
Result<report::CollectiveReproduction> reproduce_collectives(const std::string& folder);

}  // namespace orrery::cli
