#include "models/collectives/steps/algorithms.h"

namespace orrery::models {

bool in_steps(Algorithm algorithm) {
  return algorithm >= Algorithm::two_level && algorithm <= Algorithm::two_shot;
}

MaybeSteps steps_of(Algorithm algorithm, sim::TransferKind kind, const Places& places, double bytes) {
  switch (algorithm) {
    case Algorithm::two_level:
      return two_level(kind, places, bytes);
    case Algorithm::recursive_doubling:
      return recursive_doubling(kind, places.ranks, bytes);
    case Algorithm::halving_doubling:
      return halving_doubling(kind, places.ranks, bytes);
    case Algorithm::bruck:
      return bruck(kind, places.ranks, bytes);
    case Algorithm::binomial:
      return binomial(kind, places.ranks, bytes);
    case Algorithm::torus_rings:
      return torus_rings(kind, places, bytes);
    case Algorithm::one_shot:
      return one_shot(kind, places.ranks, bytes);
    case Algorithm::two_shot:
      return two_shot(kind, places.ranks, bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace orrery::models
