#include "models/run/placed_job.h"

#include <filesystem>

#include "models/compile/calibration_of.h"
#include "models/run/jobs.h"
#include "models/scenario/shared_cluster.h"
#include "sim/jobs.h"

namespace orrery::models {
namespace {

// What is wrong with the machine that only all jobs together have.
Errors placed_at(const Where& jobs, Errors errors) {
  for (Error& error : errors)
    if (error.where.file.empty()) error.where = jobs;
  return errors;
}

// What all jobs are on.
struct Machine {
  std::shared_ptr<const topology::Fabric> fabric;
  std::shared_ptr<const CollectiveFacts> facts;  // null: every job's own
  Drawing drawing;
};

Result<PlacedJob> make_job(Scenario scenario, int first_node, const Machine& machine) {
  const std::shared_ptr<const topology::Fabric>& fabric = machine.fabric;
  if (machine.facts) scenario.collectives = machine.facts;
  Result<Compiled> compiled = compile_placed(scenario, scenario.file, fabric, machine.drawing);
  if (!compiled) return compiled.errors();
  PlacedJob job{std::move(scenario), std::move(*compiled), {}, first_node, 1, {}};
  const auto first = static_cast<std::uint32_t>(first_node * fabric->cluster().gpus_per_node);
  for (std::uint32_t r = 0; r < job.compiled.workload.ranks(); ++r) job.gpu_of.push_back({first + r});
  return job;
}

bool may_join(const std::vector<PlacedJob>& jobs) {
  std::vector<sim::PlacedJob> placed;
  for (const PlacedJob& job : jobs) placed.push_back({&job.compiled.workload, job.gpu_of, 1, ""});
  return sim::may_join(placed);
}

}  // namespace

Errors check_calibrations(const Scenario& scenario) {
  const auto file_of = [](const Scenario& job) {
    return job.calibration.empty() ? std::nullopt : find_calibration(job.file, job.calibration);
  };
  Errors errors;
  for (const JobSpec& job : scenario.jobs) {
    std::error_code none;
    if (!alike(scenario.cluster, job.scenario->cluster)) continue;
    const auto ours = file_of(scenario), theirs = file_of(*job.scenario);
    if (ours == theirs || (ours && theirs && std::filesystem::equivalent(*ours, *theirs, none))) continue;
    errors.push_back({job.where, "'calibration' of " + job.scenario->file + " is " + theirs.value_or("none") +
                                     ", and that of " + scenario.file + ", whose machine it is on, is " +
                                     ours.value_or("none")});
  }
  return errors;
}

Result<std::vector<PlacedJob>> place_jobs(Scenario scenario, const Drawing& drawing) {
  Result<topology::Fabric> built = topology::Fabric::build(shared_cluster(scenario));
  if (!built) return placed_at(scenario.at("jobs"), built.errors());
  const Machine machine{std::make_shared<const topology::Fabric>(std::move(*built)), shared_facts(scenario), drawing};
  std::vector<PlacedJob> jobs;
  const Where at = scenario.at("jobs");
  const std::vector<JobSpec> others = std::move(scenario.jobs);
  scenario.jobs.clear();
  Result<PlacedJob> main = make_job(std::move(scenario), 0, machine);
  if (!main) return main.errors();
  jobs.push_back(std::move(*main));
  Errors errors;
  for (const JobSpec& other : others) {
    Result<PlacedJob> job = make_job(*other.scenario, other.first_node, machine);
    if (job)
      jobs.push_back(std::move(*job));
    else
      errors.insert(errors.end(), job.errors().begin(), job.errors().end());
  }
  if (!errors.empty()) return errors;
  if (!may_join(jobs))
    return Error{at, "jobs on so many kinds of GPUs (at most three of them lose differently to transfers beside them)",
                 Fault::unsupported};
  return jobs;
}

}  // namespace orrery::models
