#include "models/scenario/shared_cluster.h"

#include <algorithm>

namespace orrery::models {
namespace {

// A job of several domains tells how large they are; one inside a domain leaves room for others beside it.
int domain_of(const Scenario& scenario, int gpus) {
  if (scenario.cluster.fabric.kind == "nvl-domain") return gpus;
  int told = 0, room = 0;
  const auto look_at = [&](const topology::ClusterSpec& cluster) {
    if (spans_domains(cluster))
      told = std::max(told, cluster.domain_gpus());
    else
      room = std::max({room, cluster.whole_domain, cluster.domain_gpus()});
  };
  look_at(scenario.cluster);
  for (const JobSpec& job : scenario.jobs) look_at(job.scenario->cluster);
  return told > 0 ? told : room;
}

}  // namespace

bool spans_domains(const topology::ClusterSpec& cluster) {
  return cluster.gpus() > cluster.domain_gpus();
}

topology::ClusterSpec shared_cluster(const Scenario& scenario) {
  topology::ClusterSpec cluster = scenario.cluster;
  for (const JobSpec& job : scenario.jobs)
    cluster.nodes = std::max(cluster.nodes, job.first_node + job.scenario->cluster.nodes);
  cluster.nvlink_domain = domain_of(scenario, cluster.gpus());
  return cluster;
}

}  // namespace orrery::models
