#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace orrery::topology {

// Which NICs of a node serve its GPUs.
struct NearestNics {
  std::vector<std::size_t> used;         // NICs that some GPU is nearest to, rising
  std::vector<std::string> assumptions;  // what was left out, and how the rest is taken
};

// `distance[g][n]` from GPU g to NIC n: smaller is nearer. `megabits[n]`: 0 where not told.
NearestNics nearest_nics(const std::vector<std::vector<int>>& distance, const std::vector<double>& megabits);

}  // namespace orrery::topology
