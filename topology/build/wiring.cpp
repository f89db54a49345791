#include "topology/build/wiring.h"

#include <algorithm>
#include <string>

namespace orrery::topology {
namespace {

bool is_free(const ClusterSpec& c) {
  return c.ideal || c.scale_up.kind == "ideal";
}

std::optional<Error> check_spec(const ClusterSpec& c) {
  if (c.gpus_per_node < 1 || c.nodes < 1) return Error{{}, "a cluster needs at least one node with one GPU"};
  if (c.domain_gpus() % c.gpus_per_node != 0)
    return Error{{},
                 "an NVLink domain of " + std::to_string(c.domain_gpus()) + " GPUs does not hold whole nodes of " +
                     std::to_string(c.gpus_per_node)};
  if (is_free(c) || c.gpus() <= c.domain_gpus()) return std::nullopt;
  if (c.fabric.kind == "none")
    return Error{{},
                 "cluster.fabric.kind is none, but " + std::to_string(c.nodes) +
                     " nodes must be joined: there is no path from node0/gpu0 to node" +
                     std::to_string(c.domain_gpus() / c.gpus_per_node) + "/gpu0"};
  if (c.host.nics < 1)
    return Error{{}, "cluster.host.nics is 0, but " + std::to_string(c.nodes) + " nodes must be joined"};
  if (c.fabric.link.n < 1) return Error{{}, "cluster.fabric needs 'link', the rate of a NIC port"};
  return std::nullopt;
}

bool networked(const ClusterSpec& c) {
  return c.fabric.kind != "none" && c.fabric.kind != "nvl-domain" && c.host.nics > 0 && c.fabric.link.n > 0;
}

// Rates at or below zero would stop a run. `nodes`: the cluster, or a group of it.
template <class Nodes>
void make_positive(Nodes& nodes, const FabricSpec& fabric) {
  ScaleUpSpec& scale_up = nodes.scale_up;
  HostSpec& host = nodes.host;
  if (scale_up.usable.n < 1) scale_up.usable = {std::max<std::int64_t>(1, scale_up.bandwidth.n)};
  if (host.pcie_bandwidth.n < 1) host.pcie_bandwidth = usable(fabric, 1);  // the NIC behind it is the limit
  if (host.socket_bandwidth.n < 1) host.socket_bandwidth = host.pcie_bandwidth;
}

ClusterSpec positive(ClusterSpec c) {
  make_positive(c, c.fabric);
  for (NodeGroup& group : c.groups) make_positive(group, c.fabric);
  return c;
}

void wire_scale_up(const ClusterSpec& c, Wiring& w) {
  const std::string& kind = c.scale_up.kind;
  if (kind == "nvswitch") w.scale_up = make_nvswitch(c);
  if (kind == "cube-mesh" || kind == "mesh") w.scale_up = make_mesh(c);
  if (kind == "torus") w.scale_up = make_torus(c);
}

// NVLink joins every pair of a node?
bool complete(const ClusterSpec& c, const Interconnect* scale_up) {
  if (!scale_up) return c.gpus_per_node == 1;
  if (c.scale_up.kind != "cube-mesh") return true;
  const auto n = static_cast<std::uint32_t>(c.gpus_per_node);
  for (std::uint32_t a = 0; a < n; ++a)
    for (std::uint32_t b = 0; b < n; ++b)
      if (a != b && !scale_up->joins(a, b)) return false;
  return true;
}

Errors wire_network(const ClusterSpec& c, Wiring& w) {
  const std::string& kind = c.fabric.kind;
  if (c.fabric.listed) {
    Result<std::unique_ptr<Interconnect>> listed = make_listed(c, *w.host);
    if (!listed) return std::move(listed).errors();
    w.network = std::move(*listed);
  } else if (kind == "dragonfly") {
    w.network = make_dragonfly(c, *w.host);
  } else if (kind == "torus") {
    w.network = make_torus_of_nodes(c, *w.host);
  } else {
    w.network = make_fat_tree(c, *w.host, w.larger_core);
  }
  return {};
}

}  // namespace

Result<Wiring> wire(const ClusterSpec& cluster) {
  if (std::optional<Error> error = check_spec(cluster)) return *error;
  const ClusterSpec c = positive(cluster);
  Wiring w;
  w.gpus = static_cast<std::uint32_t>(c.gpus());
  w.gpus_per_node = static_cast<std::uint32_t>(c.gpus_per_node);
  w.domain = static_cast<std::uint32_t>(c.domain_gpus());
  w.free = is_free(c);
  if (w.free) return w;
  wire_scale_up(c, w);
  const bool all_paths = !complete(c, w.scale_up.get());
  w.host = std::make_unique<HostTree>(c, networked(c) || all_paths, all_paths);
  if (!networked(c)) return w;
  if (Errors errors = wire_network(c, w); !errors.empty()) return errors;
  return w;
}

}  // namespace orrery::topology
