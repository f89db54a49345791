#include <nlohmann/json.hpp>

#include "report/topology/view.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

ordered_json path_json(const topology::Fabric& fabric, const PathView& path) {
  ordered_json hops = ordered_json::array();
  for (const HopView& hop : path.hops)
    hops.push_back({{"link", hop.link}, {"kind", to_string(hop.kind)}, {"bytes_per_s", hop.capacity.n}});
  return {{"from", fabric.gpu_name(path.from)},
          {"to", fabric.gpu_name(path.to)},
          {"hops", std::move(hops)},
          {"latency_s", path.latency.seconds()},
          {"bottleneck_bytes_per_s", path.bottleneck.n}};
}

ordered_json groups_json(const topology::ClusterSpec& c) {
  ordered_json groups = ordered_json::array();
  int first = 0;
  for (const topology::NodeGroup& group : c.groups) {
    groups.push_back({{"gpu", group.gpu.name},
                      {"first_node", first},
                      {"nodes", group.nodes},
                      {"scale_up_bytes_per_s", group.scale_up.usable.n},
                      {"pcie_bytes_per_s", group.host.pcie_bandwidth.n},
                      {"nic_port_bytes_per_s", group.link.n}});
    first += group.nodes;
  }
  return groups;
}

}  // namespace

std::string topology_json(const TopologyView& view) {
  const topology::Fabric& fabric = view.fabric;
  const topology::ClusterSpec& c = fabric.cluster();
  ordered_json out{{"schema_version", 1},
                   {"cluster", c.name},
                   {"gpu", c.gpu_names()},
                   {"gpus", c.gpus()},
                   {"nodes", c.nodes},
                   {"gpus_per_node", c.gpus_per_node},
                   {"domain_gpus", c.domain_gpus()}};
  out["scale_up"] = {{"kind", c.scale_up.kind}, {"bytes_per_s", c.scale_up.usable.n}};
  if (!c.groups.empty()) out["groups"] = groups_json(c);
  out["fabric"] = {{"kind", c.fabric.kind}, {"routing", c.fabric.routing}};
  ordered_json tiers = ordered_json::array();
  for (const TierView& tier : view.tiers) {
    ordered_json row{{"name", tier.name},
                     {"switches", tier.switches},
                     {"from_below_bytes_per_s", tier.down_bytes},
                     {"upwards_bytes_per_s", tier.up_bytes}};
    row["oversubscription"] = tier.up_bytes > 0 ? ordered_json(tier.down_bytes / tier.up_bytes) : ordered_json();
    tiers.push_back(std::move(row));
  }
  out["tiers"] = std::move(tiers);
  const bool free = fabric.links().empty();
  out["bisection_bytes_per_s"] = free ? ordered_json() : ordered_json(view.bisection.n);
  if (view.path) out["path"] = path_json(fabric, *view.path);
  ordered_json links = ordered_json::array();
  for (const auto& edge : view.graph.edges) {
    const topology::FabricLink& link = fabric.links()[edge.link];
    links.push_back({{"name", fabric.link_name(edge.link)},
                     {"kind", to_string(link.kind)},
                     {"from", vertex_name(fabric, view.graph, edge.from)},
                     {"to", vertex_name(fabric, view.graph, edge.to)},
                     {"bytes_per_s", link.capacity.n}});
  }
  out["links"] = std::move(links);
  return out.dump(2) + "\n";
}

}  // namespace orrery::report
