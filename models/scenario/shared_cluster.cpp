#include "models/scenario/shared_cluster.h"

#include <algorithm>

#include "models/collectives/facts.h"

namespace orrery::models {
namespace {

using topology::ClusterSpec;
using topology::NodeGroup;

struct Job {
  const Scenario* scenario = nullptr;
  int first_node = 0;
};

// In the order of their nodes.
std::vector<Job> all_jobs(const Scenario& scenario) {
  std::vector<Job> jobs = {{&scenario, 0}};
  for (const JobSpec& job : scenario.jobs) jobs.push_back({job.scenario.get(), job.first_node});
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.first_node < b.first_node; });
  return jobs;
}

// A job of several domains tells how large they are; one inside a domain leaves room for others beside it.
int domain_of(const Scenario& scenario, int gpus) {
  if (scenario.cluster.fabric.kind == "nvl-domain") return gpus;
  int told = 0, room = 0;
  for (const Job& job : all_jobs(scenario)) {
    const ClusterSpec& cluster = job.scenario->cluster;
    if (spans_domains(cluster))
      told = std::max(told, cluster.domain_gpus());
    else
      room = std::max({room, cluster.whole_domain, cluster.domain_gpus()});
  }
  return told > 0 ? told : room;
}

bool same_node(const NodeGroup& a, const NodeGroup& b) {
  return a.gpu == b.gpu && a.scale_up == b.scale_up && a.host == b.host && a.cpu_vendor == b.cpu_vendor &&
         a.link == b.link;
}

std::vector<NodeGroup> groups_of(const ClusterSpec& c) {
  if (!c.groups.empty()) return c.groups;
  return {{c.nodes, c.gpu, c.scale_up, c.host, c.cpu_vendor, c.fabric.link}};
}

bool all_alike(const Scenario& scenario) {
  return std::all_of(scenario.jobs.begin(), scenario.jobs.end(),
                     [&](const JobSpec& job) { return alike(scenario.cluster, job.scenario->cluster); });
}

// Groups of the machine and what is known of collectives on each: `tell` hears of them in the order of nodes.
template <class Tell>
void for_each_group(const Scenario& scenario, Tell tell) {
  for (const Job& job : all_jobs(scenario)) {
    const std::vector<NodeGroup> groups = groups_of(job.scenario->cluster);
    for (std::size_t i = 0; i < groups.size(); ++i)
      tell(groups[i], i == 0 ? job.first_node : 0, job.scenario->collectives, i);
  }
}

std::vector<NodeGroup> joined_groups(const Scenario& scenario) {
  std::vector<NodeGroup> all;
  int nodes = 0;
  for_each_group(scenario, [&](const NodeGroup& group, int first, const auto&, std::size_t) {
    if (first > nodes) all.back().nodes += first - nodes;
    nodes = std::max(nodes, first) + group.nodes;
    all.push_back(group);
  });
  return all;
}

void grow_torus(ClusterSpec& cluster) {
  int layer = 1;
  for (std::size_t d = 0; d + 1 < cluster.fabric.dimensions.size(); ++d) layer *= cluster.fabric.dimensions[d];
  cluster.fabric.dimensions.back() = (cluster.nodes + layer - 1) / layer;
  const int grown = layer * cluster.fabric.dimensions.back();
  if (!cluster.groups.empty()) cluster.groups.back().nodes += grown - cluster.nodes;
  cluster.nodes = grown;
}

}  // namespace

bool spans_domains(const ClusterSpec& cluster) {
  return cluster.gpus() > cluster.domain_gpus();
}

bool alike(const ClusterSpec& a, const ClusterSpec& b) {
  return a.groups.empty() && b.groups.empty() && same_node(groups_of(a).front(), groups_of(b).front());
}

ClusterSpec shared_cluster(const Scenario& scenario) {
  ClusterSpec cluster = scenario.cluster;
  for (const JobSpec& job : scenario.jobs) {
    cluster.nodes = std::max(cluster.nodes, job.first_node + job.scenario->cluster.nodes);
    cluster.fabric.link = std::max(cluster.fabric.link, job.scenario->cluster.fabric.link);
  }
  cluster.nvlink_domain = domain_of(scenario, cluster.gpus());
  if (!all_alike(scenario)) {
    cluster.groups = joined_groups(scenario);
    cluster.nvlink_domain = 0;
  }
  if (!cluster.fabric.dimensions.empty()) grow_torus(cluster);
  return cluster;
}

std::shared_ptr<const CollectiveFacts> shared_facts(const Scenario& scenario) {
  if (all_alike(scenario)) return nullptr;
  auto facts = std::make_shared<CollectiveFacts>(*scenario.collectives);
  facts->kinds.clear();
  for_each_group(scenario, [&](const NodeGroup&, int, const auto& known, std::size_t i) {
    facts->kinds.push_back(known->kinds.empty() ? known : known->kinds[i]);
  });
  return facts;
}

}  // namespace orrery::models
