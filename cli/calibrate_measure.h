#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::cli {

inline constexpr double kMostMinutes = 10;

struct MeasureOptions {
  std::vector<std::string> scenarios;  // whose kernels are measured exactly
  std::string output;                  // empty: standard output, and nothing is kept of a run that is interrupted
  std::string stand_in;                // a cluster preset, in place of hardware
  std::string gpu;                     // preset whose curves are fitted; empty: by the driver's name
  int gpus = 0;                        // 0: all of the node
  std::uint64_t seed = 1;
  double minutes = kMostMinutes;  // what measuring may take, beside choosing algorithms
  bool quiet = false;
};

// Measures: on this node's GPUs through the helper, or on a stand-in. Gives the exit status.
int measure(const MeasureOptions& options);

}  // namespace orrery::cli
