#include <algorithm>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {
namespace {

using sim::TransferKind;
using Ring = std::vector<std::uint32_t>;

Step around(const std::vector<Ring>& rings, double bytes, bool reduces) {
  Step step{{}, static_cast<int>(rings.front().size()) - 1, reduces};
  for (const Ring& ring : rings)
    for (std::size_t i = 0; i < ring.size(); ++i)
      step.messages.push_back({ring[i], ring[(i + 1) % ring.size()], bytes / static_cast<double>(ring.size())});
  return step;
}

// Those in the same place of every domain.
std::vector<Ring> across(const std::vector<Ring>& domains) {
  std::vector<Ring> rings(domains.front().size());
  for (const Ring& domain : domains)
    for (std::size_t i = 0; i < domain.size(); ++i) rings[i].push_back(domain[i]);
  return rings;
}

}  // namespace

MaybeSteps two_level(TransferKind kind, const Places& places, double bytes) {
  if (places.domains.empty()) return std::nullopt;
  const std::size_t g = places.domains.front().size();
  for (const Ring& domain : places.domains)
    if (domain.size() != g) return std::nullopt;
  const std::vector<Ring> rails = across(places.domains);
  const double part = bytes / static_cast<double>(g);
  Steps steps;
  if (kind == TransferKind::all_reduce || kind == TransferKind::reduce_scatter) {
    steps.push_back(around(places.domains, bytes, true));
    steps.push_back(around(rails, part, true));
  }
  if (kind == TransferKind::all_reduce || kind == TransferKind::all_gather) {
    steps.push_back(around(rails, part, false));
    steps.push_back(around(places.domains, bytes, false));
  }
  if (steps.empty()) return std::nullopt;
  std::erase_if(steps, [](const Step& step) { return step.times == 0; });
  return steps;
}

}  // namespace orrery::models
