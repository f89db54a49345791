#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "validate/probe/plan.h"

namespace orrery::cli {

inline constexpr double kMostMinutes = validate::kLongestCalibration / 60;

struct MeasureOptions {
  std::vector<std::string> scenarios;  // whose kernels are measured exactly
  std::string output;                  // empty: standard output, and nothing is kept of a run that is interrupted
  std::string stand_in;                // a cluster preset, in place of hardware
  std::string gpu;                     // preset whose curves are fitted; empty: by the driver's name
  int gpus = 0;                        // 0: all of the node
  int virtual_ranks = 0;               // so many on one GPU, each on its share of the SMs; 0: none
  int sms = 0;                         // of a virtual rank's share; 0: as many as there are
  std::uint64_t seed = 1;
  double minutes = kMostMinutes;  // what measuring may take, choosing algorithms included
  bool exact = false;             // the scenarios' own kernels and no others
  bool quiet = false;
};

// Measures: on this node's GPUs through the helper, or on a stand-in. Gives the exit status.
int measure(const MeasureOptions& options);

}  // namespace orrery::cli
