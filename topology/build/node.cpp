#include <algorithm>

#include "topology/build/wiring.h"

namespace orrery::topology {

BytesPerSecond usable(const FabricSpec& fabric, double ports) {
  return {static_cast<std::int64_t>(static_cast<double>(fabric.link.n) * fabric.efficiency * ports + 0.5)};
}

// The job uses G of the P GPUs of a physical node, spread evenly, and each of
// them the NICs that stand nearest to it: NICs are spread over GPUs as evenly as
// GPUs over NICs where those are fewer.
void wire_nodes(const ClusterSpec& cluster, Wiring& wiring) {
  const int physical = std::max(cluster.physical_gpus_per_node, cluster.gpus_per_node);
  const int nics = cluster.host.nics;
  int last_nic = -1;
  for (int i = 0; i < cluster.gpus_per_node; ++i) {
    const int gpu = i * physical / cluster.gpus_per_node;
    const int nic = gpu * nics / physical;
    const int own = std::max(1, (gpu + 1) * nics / physical - nic);
    if (nic != last_nic) wiring.ports.push_back({own, usable(cluster.fabric, own)});
    wiring.port_of.push_back(static_cast<std::uint32_t>(wiring.ports.size() - 1));
    last_nic = nic;
  }
}

}  // namespace orrery::topology
