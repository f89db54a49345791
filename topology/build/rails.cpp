#include <algorithm>

#include "topology/build/wiring.h"

namespace orrery::topology {

// Port r of every node of a scalable unit hangs on the unit's leaf r, so the same
// rail is one hop away inside the unit. Other rails and other units are reached
// through the spine.
void wire_rails(const ClusterSpec& cluster, Wiring& w) {
  int nics = 1;
  for (const NicPort& port : w.ports) nics = std::max(nics, port.nics);
  w.rails = true;
  wire_tree(cluster, nics, w);
}

}  // namespace orrery::topology
