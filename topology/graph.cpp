#include "topology/graph.h"

#include "topology/build/wiring.h"

namespace orrery::topology {

FabricGraph graph_of(const Fabric& fabric) {
  const Wiring& w = fabric.wiring();
  FabricGraph g;
  const auto gpus = static_cast<std::uint32_t>(w.gpus);
  if (w.free) return {{}, gpus};

  const auto domains = (gpus + static_cast<std::uint32_t>(w.domain) - 1) / static_cast<std::uint32_t>(w.domain);
  const auto ports = static_cast<std::uint32_t>(w.ports.size());
  const auto nodes = static_cast<std::uint32_t>(fabric.cluster().nodes);
  const std::uint32_t nic = gpus + domains, leaf = nic + nodes * ports;
  const std::uint32_t spine = leaf + static_cast<std::uint32_t>(w.leaves);
  const std::uint32_t core = spine + static_cast<std::uint32_t>(w.pods);
  g.vertices = core + 1;
  g.edges.reserve(w.links);
  const auto both = [&](std::uint32_t below, std::uint32_t above, LinkId out, LinkId in) {
    g.edges.push_back({below, above, out});
    g.edges.push_back({above, below, in});
  };

  for (std::uint32_t i = 0; i < gpus; ++i)
    both(i, gpus + i / static_cast<std::uint32_t>(w.domain), w.nvlink(i, false), w.nvlink(i, true));
  if (!w.has_network()) return g;
  for (std::uint32_t i = 0; i < gpus; ++i)
    both(i, nic + w.node_of(i) * ports + w.port_in_node(i), w.pcie(i, false), w.pcie(i, true));
  for (std::uint32_t n = 0; n < nodes; ++n)
    for (std::uint32_t p = 0; p < ports; ++p)
      both(nic + n * ports + p, leaf + w.leaf_of(n, p), w.nic(n, p, false), w.nic(n, p, true));
  for (std::uint32_t l = 0; w.leaves > 1 && l < static_cast<std::uint32_t>(w.leaves); ++l)
    both(leaf + l, spine + l / static_cast<std::uint32_t>(w.leaves_per_pod), w.leaf(l, false), w.leaf(l, true));
  for (std::uint32_t p = 0; w.pods > 1 && p < static_cast<std::uint32_t>(w.pods); ++p)
    both(spine + p, core, w.pod(p, false), w.pod(p, true));
  return g;
}

}  // namespace orrery::topology
