#pragma once

#include <numeric>

#include "models/collectives/planner.h"

namespace orrery::models {

// Clusters by hand, so that these tests stand without the catalogue. Link budgets
// are NCCL's (docs/collectives.md), NICs one a GPU unless said otherwise.
inline topology::ClusterSpec cluster(int capability, double nvlink, double usable, double nic, int nodes) {
  topology::ClusterSpec c;
  c.gpu.compute_capability = capability;
  c.nodes = nodes;
  c.scale_up.bandwidth = {static_cast<std::int64_t>(nvlink * 1e9)};
  c.scale_up.usable = {static_cast<std::int64_t>(usable * 1e9)};
  c.host.pcie_bandwidth = {static_cast<std::int64_t>(nic * 1.1e9)};
  c.fabric.kind = nodes > 1 ? "single-switch" : "none";
  c.fabric.link = {static_cast<std::int64_t>(nic * 1e9)};
  c.fabric.leaf_radix = 1 << 16;
  return c;
}

inline topology::ClusterSpec a100(int nodes) {
  return cluster(80, 300, 240, 25, nodes);
}
inline topology::ClusterSpec with_nvls(topology::ClusterSpec spec) {
  spec.scale_up.in_network_reduction = true;
  return spec;
}
inline topology::ClusterSpec h100(int nodes) {
  return cluster(90, 450, 370.8, 50, nodes);
}
inline topology::ClusterSpec b200(int nodes) {
  return cluster(100, 900, 721.8, 50, nodes);
}

inline std::vector<RankId> ranks(std::uint32_t n, std::uint32_t first = 0, std::uint32_t stride = 1) {
  std::vector<RankId> list;
  for (std::uint32_t i = 0; i < n; ++i) list.push_back({first + i * stride});
  return list;
}

inline std::shared_ptr<const CollectiveFacts> facts_of(const topology::ClusterSpec& spec,
                                                       const std::string& nccl = "") {
  return read_collective_facts(SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"}), spec, nccl).value();
}

// A fabric with a planner over it, and the questions that tests ask of plans.
struct Bench {
  std::shared_ptr<const topology::Fabric> fabric;
  std::shared_ptr<const sim::TransferPlanner> planner;

  explicit Bench(const topology::ClusterSpec& spec, Network network = Network::flow)
      : fabric(std::make_shared<topology::Fabric>(topology::Fabric::build(spec).value())),
        planner(make_planner(fabric, network, facts_of(spec))) {}

  // By a version of NCCL; `int8`: of the elements.
  Bench(const topology::ClusterSpec& spec, const std::string& nccl, bool int8)
      : fabric(std::make_shared<topology::Fabric>(topology::Fabric::build(spec).value())) {
    Forced forced;
    forced.int8 = int8;
    planner = make_planner(fabric, Network::flow, facts_of(spec, nccl), forced);
  }

  const sim::TransferPlan& plan(sim::TransferKind kind, const std::vector<RankId>& group, std::int64_t bytes) const {
    return planner->plan({kind, group, {bytes}});
  }

  // With nobody else around.
  static Duration alone(const sim::TransferPlan& plan) {
    Duration sum;
    for (const sim::Phase& phase : plan.phases)
      sum += phase.latency + (phase.bytes.n > 0 ? phase.bytes / phase.max_rate : Duration());
    return sum;
  }
  double seconds(sim::TransferKind kind, const std::vector<RankId>& group, std::int64_t bytes) const {
    return alone(plan(kind, group, bytes)).seconds();
  }

  // What crosses links of a kind, all of them together.
  double bytes_over(const sim::TransferPlan& plan, topology::LinkKind kind) const {
    double sum = 0;
    for (const sim::Phase& phase : plan.phases)
      for (const sim::LinkUse& use : *phase.uses)
        if (fabric->links()[use.link].kind == kind) sum += static_cast<double>(use.connections * phase.bytes.n);
    return sum;
  }

  // What one route's first link of a kind carries.
  double bytes_out(const sim::TransferPlan& plan, RankId from, RankId to, topology::LinkKind kind) const {
    std::vector<LinkId> route;
    fabric->route(from, to, route);
    for (LinkId link : route) {
      if (fabric->links()[link].kind != kind) continue;
      for (const sim::LinkUse& use : *plan.phases[0].uses)
        if (use.link == link) return static_cast<double>(use.connections * plan.phases[0].bytes.n);
      return 0;
    }
    return 0;
  }
};

}  // namespace orrery::models
