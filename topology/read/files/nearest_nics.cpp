#include "topology/read/files/nearest_nics.h"

#include <algorithm>
#include <map>

namespace orrery::topology {
namespace {

using Nics = std::vector<std::size_t>;

// Storage and management ports stand beside the compute fabric's and are far slower.
Nics fast_enough(std::size_t count, const std::vector<double>& megabits) {
  const double fastest = megabits.empty() ? 0 : *std::max_element(megabits.begin(), megabits.end());
  Nics nics;
  for (std::size_t n = 0; n < count; ++n)
    if (megabits[n] == 0 || megabits[n] * 2 >= fastest) nics.push_back(n);
  return nics;
}

Nics nearest_of(const std::vector<int>& distance, const Nics& candidates) {
  int least = distance[candidates.front()];
  for (std::size_t n : candidates) least = std::min(least, distance[n]);
  Nics nearest;
  for (std::size_t n : candidates)
    if (distance[n] == least) nearest.push_back(n);
  return nearest;
}

}  // namespace

NearestNics nearest_nics(const std::vector<std::vector<int>>& distance, const std::vector<double>& megabits) {
  NearestNics result;
  const std::size_t count = megabits.size();
  const Nics candidates = fast_enough(count, megabits);
  if (distance.empty() || candidates.empty()) return result;

  std::map<Nics, std::size_t> gpus_of;  // GPUs that share the same nearest NICs
  for (const auto& row : distance) ++gpus_of[nearest_of(row, candidates)];
  for (const auto& [nics, gpus] : gpus_of) result.used.insert(result.used.end(), nics.begin(), nics.end());
  std::sort(result.used.begin(), result.used.end());
  result.used.erase(std::unique(result.used.begin(), result.used.end()), result.used.end());

  if (result.used.size() < count)
    result.assumptions.push_back(std::to_string(count - result.used.size()) + " of " + std::to_string(count) +
                                 " NICs serve no GPU (far away, or far slower than the others) and are left out");
  const bool even = std::all_of(gpus_of.begin(), gpus_of.end(), [&](const auto& group) {
    return group.first.size() * distance.size() == group.second * result.used.size();
  });
  if (!even) result.assumptions.emplace_back("its NICs stand unevenly beside its GPUs, but are taken as spread evenly");
  return result;
}

}  // namespace orrery::topology
