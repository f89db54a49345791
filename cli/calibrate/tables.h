#pragma once

#include <string>
#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::cli {

// What a calibration from measurements at hand is made of.
struct CalibrationTables {
  std::string gpu;                              // whose curves are fitted
  std::vector<std::string> kernels, nccl_logs;  // CSV files; OP=FILE
  int nodes = 1;                                // that the logs' ranks were on
  std::size_t most_points = 1000;               // kept of a kind of kernel
};

// Kernels of several tables stand beside each other; one that two of them time is a fault.
Result<models::Calibration> calibration_of_tables(const CalibrationTables& tables);

}  // namespace orrery::cli
