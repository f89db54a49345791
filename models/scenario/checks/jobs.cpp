// Do a scenario and the others in its `jobs` fit on one machine?
#include <string>
#include <utility>
#include <vector>

#include "models/scenario/reading.h"
#include "models/scenario/shared_cluster.h"
#include "topology/listed.h"

namespace orrery::models {
namespace {

std::string place(const Where& at) {
  return at.file + (at.line > 0 ? ':' + std::to_string(at.line) + ':' + std::to_string(at.column) : "");
}

std::string nodes_text(int first, int nodes) {
  const std::string one = std::to_string(first);
  return nodes == 1 ? "node " + one : "nodes " + one + " to " + std::to_string(first + nodes - 1);
}

// But for what a NIC's port carries, which is a node's own, and for how many nodes a torus alone would have.
bool same_fabric(topology::FabricSpec a, topology::FabricSpec b) {
  const std::shared_ptr<const topology::ListedFabric> one = std::exchange(a.listed, nullptr);
  const std::shared_ptr<const topology::ListedFabric> other = std::exchange(b.listed, nullptr);
  a.link = b.link;
  if (a.dimensions.size() == b.dimensions.size()) a.dimensions = b.dimensions;
  return a == b && (one && other ? *one == *other : one == other);
}

bool same_structure(const topology::HostSpec& a, const topology::HostSpec& b) {
  return a.nics == b.nics && a.pcie_switches == b.pcie_switches && a.numa == b.numa;
}

bool same_structure(const topology::ScaleUpSpec& a, const topology::ScaleUpSpec& b) {
  return a.kind == b.kind && a.planes == b.planes && a.wires == b.wires;
}

// The fabric is one: what two scenarios say of it may differ in how much of it they use alone. Nodes are each job's
// own, but what is where in a node is the same in all.
void check_same_cluster(Reading& reading, const JobSpec& job) {
  const topology::ClusterSpec &ours = reading.scenario.cluster, &theirs = job.scenario->cluster;
  const Where there = job.scenario->at("cluster");
  const auto agree = [&](const char* what, bool same) {
    if (!same)
      reading.fail(there, "another " + std::string(what) + " than the cluster of " + reading.scenario.file +
                              ", whose fabric this job is on (" + place(job.where) + ")");
  };
  agree("gpus_per_node",
        ours.gpus_per_node == theirs.gpus_per_node && ours.physical_gpus_per_node == theirs.physical_gpus_per_node);
  agree("scale_up (kind, planes, wires)", same_structure(ours.scale_up, theirs.scale_up) && ours.ideal == theirs.ideal);
  agree("host (nics, pcie_switches, numa)", same_structure(ours.host, theirs.host));
  agree("fabric", same_fabric(ours.fabric, theirs.fabric));
  if (!theirs.faults.empty())
    reading.fail(there,
                 "'cluster.faults' of a job: the fabric is that of " + reading.scenario.file + "; write them there");
  const SimulationSpec &run = reading.scenario.simulation, &other = job.scenario->simulation;
  if (run.network != other.network || run.jitter_compute != other.jitter_compute)
    reading.fail(job.scenario->at("simulation"), "another 'simulation' (network, jitter) than that of " +
                                                     reading.scenario.file + ", in whose run this job is");
  if (alike(ours, theirs)) return;
  const std::string unlike = "unlike nodes (" + ours.gpu_names() + ", " + theirs.gpu_names() + ") of 'jobs'";
  if (ours.fabric.listed || ours.fabric.kind == "nvl-domain")
    reading.not_yet(job.where,
                    unlike + (ours.fabric.listed ? " on a network that a file lists" : " in one NVLink domain"));
  if (ours.domain_gpus() > ours.gpus_per_node || theirs.domain_gpus() > theirs.gpus_per_node)
    reading.not_yet(job.where, unlike + " with NVLink domains of several nodes");
}

// A slice of such a torus is closed by optical switches, or ends where it ends: none of its links is another's.
bool refuse_torus(Reading& reading) {
  if (reading.scenario.cluster.scale_up.kind != "torus") return false;
  reading.fail("jobs",
               "'jobs' on a torus of chips (cluster.scale_up.kind: torus): every job's slice has links of its own, so "
               "that none slows another; run each alone");
  return true;
}

struct Placed {
  const Scenario& scenario;
  int first = 0;
  Where where;

  const std::string& file() const { return scenario.file; }
  int nodes() const { return scenario.cluster.nodes; }
  int end() const { return first + nodes(); }
  std::string text() const { return file() + " on " + nodes_text(first, nodes()); }
};

void check_overlap(Reading& reading, const std::vector<Placed>& placed) {
  for (std::size_t b = 1; b < placed.size(); ++b)
    for (std::size_t a = 0; a < b; ++a) {
      const Placed &one = placed[a], &other = placed[b];
      if (one.end() <= other.first || other.end() <= one.first) continue;
      reading.fail(other.where, other.text() + " and " + one.text() + " overlap");
    }
}

// Inside one NVLink domain, or in whole ones from the first node of one on: there a job has the domains
// that it has alone.
void check_domains(Reading& reading, const Placed& job, int domain) {
  const topology::ClusterSpec& cluster = job.scenario.cluster;
  const int nodes = domain / cluster.gpus_per_node;
  const bool spans = spans_domains(cluster);
  if (spans ? cluster.domain_gpus() != domain : cluster.gpus() > domain)
    return reading.fail(job.where, job.file() + " has NVLink domains of " + std::to_string(cluster.domain_gpus()) +
                                       " GPUs, and another job of this fabric has them of " + std::to_string(domain));
  if (spans ? job.first % nodes == 0 : job.first / nodes == (job.end() - 1) / nodes) return;
  reading.fail(job.where,
               job.text() + " lies across NVLink domains of " + std::to_string(nodes) +
                   " nodes; did you mean first_node: " + std::to_string((job.first + nodes - 1) / nodes * nodes) + "?");
}

void check_listed_nodes(Reading& reading, const Placed& job) {
  const auto& listed = reading.scenario.cluster.fabric.listed;
  if (listed && job.end() > static_cast<int>(listed->nodes.size()))
    reading.fail(job.where, job.text() + ", but the file of the network lists " + std::to_string(listed->nodes.size()));
}

}  // namespace

void check_jobs(Reading& reading) {
  if (reading.is_job && reading.written("sweep"))
    reading.fail("sweep", "a scenario in another's 'jobs' is one, and 'sweep' makes it many");
  const Scenario& scenario = reading.scenario;
  if (scenario.jobs.empty() || !reading.has_cluster) return;
  if (refuse_torus(reading)) return;
  std::vector<Placed> placed = {{scenario, 0, reading.at("cluster")}};
  for (const JobSpec& job : scenario.jobs) {
    check_same_cluster(reading, job);
    placed.push_back({*job.scenario, job.first_node, job.where});
  }
  check_overlap(reading, placed);
  const int domain = shared_cluster(scenario).domain_gpus();
  for (const Placed& job : placed) {
    check_domains(reading, job, domain);
    check_listed_nodes(reading, job);
  }
}

}  // namespace orrery::models
