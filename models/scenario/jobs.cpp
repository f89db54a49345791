// `jobs`: other scenarios on the same fabric.
#include <algorithm>
#include <filesystem>
#include <string>

#include "models/scenario/reader.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostJobs = 64;
constexpr std::int64_t kMostNodes = 4 << 20;

std::shared_ptr<const Scenario> read_job(Reading& reading, const std::string& name, const Where& where) {
  std::error_code none;
  const std::string path = job_file(reading.folder, name);
  if (!fs::is_regular_file(path, none)) {
    reading.fail(where, "there is no scenario " + quote(name), Fault::io);
    return nullptr;
  }
  ReadOptions options;
  options.is_job = true;
  Result<Scenario> scenario = read_scenario(path, {}, options);
  if (scenario) return std::make_shared<const Scenario>(std::move(*scenario));
  reading.errors.insert(reading.errors.end(), scenario.errors().begin(), scenario.errors().end());
  return nullptr;
}

void read_one(Reading& reading, const Node& item) {
  Fields fields(item, "jobs", reading.errors);
  fields.require({"scenario", "first_node"});
  const std::optional<std::string> name = fields.text("scenario");
  const std::optional<std::int64_t> first = fields.count("first_node", 0, kMostNodes);
  fields.finish();
  if (!name || !first) return;
  std::shared_ptr<const Scenario> scenario = read_job(reading, *name, fields.at("scenario"));
  if (scenario)
    reading.scenario.jobs.push_back({std::move(scenario), static_cast<int>(*first), fields.at("first_node")});
}

std::string place(const Where& at) {
  return at.file + (at.line > 0 ? ':' + std::to_string(at.line) + ':' + std::to_string(at.column) : "");
}

std::string nodes_text(int first, int nodes) {
  const std::string one = std::to_string(first);
  return nodes == 1 ? "node " + one : "nodes " + one + " to " + std::to_string(first + nodes - 1);
}

// The machine is one: what two scenarios say of it may differ in how much of it they use alone.
void check_same_cluster(Reading& reading, const JobSpec& job) {
  const topology::ClusterSpec &ours = reading.scenario.cluster, &theirs = job.scenario->cluster;
  const Where there = job.scenario->at("cluster");
  const auto agree = [&](const char* what, bool same) {
    if (!same)
      reading.fail(there, "another " + std::string(what) + " than the cluster of " + reading.scenario.file +
                              ", whose fabric this job is on (" + place(job.where) + ")");
  };
  agree("GPU (cluster.gpu)", ours.gpu == theirs.gpu);
  agree("gpus_per_node",
        ours.gpus_per_node == theirs.gpus_per_node && ours.physical_gpus_per_node == theirs.physical_gpus_per_node);
  agree("scale_up", ours.scale_up == theirs.scale_up && ours.ideal == theirs.ideal);
  agree("host", ours.host == theirs.host && ours.cpu_vendor == theirs.cpu_vendor);
  agree("fabric", ours.fabric == theirs.fabric);
  agree("nccl", ours.nccl == theirs.nccl);
  if (!theirs.faults.empty())
    reading.fail(there,
                 "'cluster.faults' of a job: the fabric is that of " + reading.scenario.file + "; write them there");
  const SimulationSpec &run = reading.scenario.simulation, &other = job.scenario->simulation;
  if (run.network != other.network || run.jitter_compute != other.jitter_compute)
    reading.fail(job.scenario->at("simulation"), "another 'simulation' (network, jitter) than that of " +
                                                     reading.scenario.file + ", in whose run this job is");
}

// Of clusters whose wiring hangs on how many nodes there are.
void refuse_for_jobs(Reading& reading) {
  const Scenario& scenario = reading.scenario;
  const topology::ClusterSpec& cluster = scenario.cluster;
  const Where at = reading.at("jobs");
  if (cluster.kinds() > 1) reading.not_yet(at, "'jobs' beside 'cluster.groups'");
  if (cluster.domain_gpus() > cluster.gpus_per_node)
    reading.not_yet(at, "'jobs' beside NVLink domains of several nodes");
  if (cluster.fabric.listed) reading.not_yet(at, "'jobs' beside a file of the network");
  if (cluster.fabric.kind == "torus") reading.not_yet(at, "'jobs' on a torus");
}

struct Placed {
  std::string file;
  int first = 0, nodes = 0;
  Where where;
};

void check_overlap(Reading& reading, const std::vector<Placed>& placed) {
  for (std::size_t b = 1; b < placed.size(); ++b)
    for (std::size_t a = 0; a < b; ++a) {
      const Placed &one = placed[a], &other = placed[b];
      if (one.first + one.nodes <= other.first || other.first + other.nodes <= one.first) continue;
      reading.fail(other.where, other.file + " on " + nodes_text(other.first, other.nodes) + " and " + one.file +
                                    " on " + nodes_text(one.first, one.nodes) + " overlap");
    }
}

}  // namespace

std::string job_file(const std::string& folder, const std::string& name) {
  const fs::path beside = fs::path(folder) / name;
  std::error_code none;
  return fs::is_regular_file(beside, none) ? beside.string() : name;
}

void read_jobs(Reading& reading, const Key& key, const Node& node) {
  if (reading.is_job)
    return reading.fail(node.where, "a scenario in another's 'jobs' has no 'jobs' of its own; list them all in one");
  if (!node.is_list() || node.items.empty() || node.items.size() > kMostJobs)
    return reading.fail(node.where, quote(key.name()) + " must be a list of 1 to " + std::to_string(kMostJobs) +
                                        " jobs, as in [{scenario: other.yaml, first_node: 1024}]");
  for (const Node& item : node.items) read_one(reading, item);
}

void check_jobs(Reading& reading) {
  if (reading.is_job && reading.written("sweep"))
    reading.fail("sweep", "a scenario in another's 'jobs' is one, and 'sweep' makes it many");
  const Scenario& scenario = reading.scenario;
  if (scenario.jobs.empty() || !reading.has_cluster) return;
  refuse_for_jobs(reading);
  std::vector<Placed> placed = {{scenario.file, 0, scenario.cluster.nodes, reading.at("cluster")}};
  for (const JobSpec& job : scenario.jobs) {
    check_same_cluster(reading, job);
    placed.push_back({job.scenario->file, job.first_node, job.scenario->cluster.nodes, job.where});
  }
  check_overlap(reading, placed);
}

}  // namespace orrery::models
