#include "models/run/jobs.h"

#include <algorithm>
#include <filesystem>

#include "models/compile/calibration_of.h"
#include "sim/check/check.h"
#include "sim/engine/engine.h"
#include "sim/jobs.h"

namespace orrery::models {
namespace {

// A job's program is written out so often at most.
constexpr std::int64_t kMostRepeats = 1024;

struct Job {
  Scenario scenario;
  Compiled compiled;
  std::vector<RankId> gpu_of;
  int first_node = 0, repeats = 1;
  Duration alone;
};

// The cluster with the nodes of all jobs.
topology::ClusterSpec shared_cluster(const Scenario& scenario) {
  topology::ClusterSpec cluster = scenario.cluster;
  for (const JobSpec& job : scenario.jobs)
    cluster.nodes = std::max(cluster.nodes, job.first_node + job.scenario->cluster.nodes);
  cluster.nvlink_domain = 0;  // a node: read_scenario refuses others
  return cluster;
}

Result<Job> make_job(Scenario scenario, int first_node, const std::shared_ptr<const topology::Fabric>& fabric) {
  Result<Compiled> compiled = compile_placed(scenario, scenario.file, fabric);
  if (!compiled) return compiled.errors();
  Job job{std::move(scenario), std::move(*compiled), {}, first_node, 1, {}};
  const auto first = static_cast<std::uint32_t>(first_node * fabric->cluster().gpus_per_node);
  for (std::uint32_t r = 0; r < job.compiled.workload.ranks(); ++r) job.gpu_of.push_back({first + r});
  return job;
}

Result<std::vector<Job>> make_jobs(Scenario scenario, const std::shared_ptr<const topology::Fabric>& fabric) {
  std::vector<Job> jobs;
  const std::vector<JobSpec> others = std::move(scenario.jobs);
  scenario.jobs.clear();
  Result<Job> main = make_job(std::move(scenario), 0, fabric);
  if (!main) return main.errors();
  jobs.push_back(std::move(*main));
  Errors errors;
  for (const JobSpec& other : others) {
    Result<Job> job = make_job(*other.scenario, other.first_node, fabric);
    if (job)
      jobs.push_back(std::move(*job));
    else
      errors.insert(errors.end(), job.errors().begin(), job.errors().end());
  }
  if (!errors.empty()) return errors;
  return jobs;
}

// One run of several jobs, and what came of the first of them.
struct Run {
  Simulated simulated;  // of all ranks
  std::uint64_t ranks_simulated = 0;
  std::size_t ranks = 0;  // of the first job
  int repeats = 1;

  bool ended_early() const { return simulated.classes.interrupted || simulated.classes.stuck.has_value(); }
};

struct Interval {
  Time from, to;
  Duration length() const { return to - from; }
};

// The last step (of all repeats) of ranks [first, end).
Interval last_step(const sim::RankSummaries& ranks, std::size_t first, std::size_t end) {
  Interval last;
  for (auto r = static_cast<std::uint32_t>(first); r < end; ++r) {
    last.from = std::max(last.from, ranks[{r}].previous_step_end);
    last.to = std::max(last.to, ranks[{r}].step_end);
  }
  return last;
}

Run run_together(const std::vector<const Job*>& jobs, std::int64_t others_more, const SimulateOptions& options) {
  std::vector<sim::PlacedJob> placed;
  for (const Job* job : jobs) {
    const std::int64_t repeats = placed.empty() ? job->repeats : job->repeats * others_more;
    placed.push_back({&job->compiled.workload, job->gpu_of, static_cast<int>(repeats)});
  }
  Prepared prepared{jobs.front()->scenario, {}, std::nullopt};
  prepared.compiled.workload = sim::joined(placed);
  const SimulationSpec& simulation = prepared.scenario.simulation;
  if (simulation.fold && simulation.jitter_compute == 0) prepared.folded = sim::fold(prepared.compiled.workload);
  if (const Errors errors = sim::check_before_run(prepared.workload()); !errors.empty())
    throw InternalError("the jobs' programs cannot run together: " + to_string(errors.front()));
  Run run{simulate(prepared, options), prepared.workload().ranks(), jobs.front()->compiled.workload.ranks(),
          jobs.front()->repeats};
  throw_if_stuck(run.simulated);
  return run;
}

Duration step_of(const Run& run) {
  return Duration::ps(last_step(run.simulated.ranks.ranks, 0, run.ranks).length().count_ps() / run.repeats);
}

// The first job amid the others, which go on until it is done: they do twice as many
// steps as before until that is so.
Result<Run> run_amid(const std::vector<const Job*>& jobs, const SimulateOptions& options) {
  std::int64_t most = 0;
  for (const Job* job : jobs) most = std::max<std::int64_t>(most, job->repeats);
  for (std::int64_t more = 1; more * most <= kMostRepeats; more *= 2) {
    Run run = run_together(jobs, more, options);
    if (run.ended_early()) return run;
    const sim::RankSummaries& ranks = run.simulated.ranks.ranks;
    const Time done = last_step(ranks, 0, run.ranks).to;
    std::size_t first = run.ranks;
    const bool others_went_on = std::all_of(jobs.begin() + 1, jobs.end(), [&](const Job* job) {
      const std::size_t end = first + job->compiled.workload.ranks();
      const Time stopped = last_step(ranks, first, end).to;
      first = end;
      return stopped >= done;
    });
    if (others_went_on) return run;
  }
  return Error{jobs.front()->scenario.at("jobs"),
               "the steps of the jobs differ too much: one would be done more than " + std::to_string(kMostRepeats) +
                   " times while another is done twice",
               Fault::unsupported};
}

// The first job's ranks of a run, with the mean of its repeats for a step.
sim::RunResult of_first_job(const Run& run, const sim::RunResult& alone) {
  const sim::RankSummaries& all = run.simulated.ranks.ranks;
  sim::RankSummaries means;
  for (sim::RankSummary summary : all.distinct()) {
    const Duration whole = summary.step_end - summary.previous_step_end;
    if (run.repeats > 1) summary.time = sim::averaged(summary.time, whole, run.repeats);
    summary.previous_step_end = summary.step_end - Duration::ps(whole.count_ps() / run.repeats);
    means.add(std::move(summary));
  }
  IdVector<RankId, RankId> place;
  for (std::uint32_t r = 0; r < run.ranks; ++r)
    place.add({static_cast<std::uint32_t>(&all[{r}] - all.distinct().data())});
  sim::RunResult result = alone;
  const Time end = last_step(all, 0, run.ranks).to;
  result.ranks = sim::RankSummaries(std::move(means), place);
  result.step_ends = {end - step_of(run), end};
  result.digest = sim::combine_digests(result.ranks, result.step_ends);
  result.ops = run.simulated.classes.ops;
  result.events = run.simulated.classes.events;
  return result;
}

JobsRun interrupted(std::vector<Job>& jobs, Run run) {
  Job& main = jobs.front();
  return {{std::move(main.scenario), std::move(main.compiled), std::nullopt}, std::move(run.simulated), 0, {}};
}

// How many of its steps last as long as the longest job's one.
void set_repeats(std::vector<Job>& jobs) {
  Duration longest;
  for (const Job& job : jobs) longest = std::max(longest, job.alone);
  for (Job& job : jobs) {
    const std::int64_t step = std::max<std::int64_t>(1, job.alone.count_ps());
    job.repeats =
        static_cast<int>(std::clamp<std::int64_t>((longest.count_ps() + step - 1) / step, 1, kMostRepeats + 1));
  }
}

}  // namespace

Errors check_calibrations(const Scenario& scenario) {
  const auto file_of = [](const Scenario& job) {
    return job.calibration.empty() ? std::nullopt : find_calibration(job.file, job.calibration);
  };
  Errors errors;
  for (const JobSpec& job : scenario.jobs) {
    std::error_code none;
    const auto ours = file_of(scenario), theirs = file_of(*job.scenario);
    if (ours == theirs || (ours && theirs && std::filesystem::equivalent(*ours, *theirs, none))) continue;
    errors.push_back({job.where, "'calibration' of " + job.scenario->file + " is " + theirs.value_or("none") +
                                     ", and that of " + scenario.file + ", whose machine it is on, is " +
                                     ours.value_or("none")});
  }
  return errors;
}

Result<JobsRun> run_jobs(Scenario scenario, const SimulateOptions& options) {
  if (Errors errors = check_calibrations(scenario); !errors.empty()) return errors;
  Result<topology::Fabric> built = topology::Fabric::build(shared_cluster(scenario));
  if (!built) return built.errors();
  const auto fabric = std::make_shared<const topology::Fabric>(std::move(*built));
  Result<std::vector<Job>> made = make_jobs(std::move(scenario), fabric);
  if (!made) return made.errors();
  std::vector<Job>& jobs = *made;

  std::optional<Run> main_alone, main_amid;
  for (Job& job : jobs) {
    Run run = run_together({&job}, 1, options);
    if (run.ended_early()) return interrupted(jobs, std::move(run));
    job.alone = step_of(run);
    if (&job == &jobs.front()) main_alone = std::move(run);
  }
  set_repeats(jobs);
  std::vector<JobTimes> times;
  for (Job& job : jobs) {
    if (job.repeats > kMostRepeats) return run_amid({&job}, options).errors();
    if (job.repeats > 1) {
      const Run run = run_together({&job}, 1, options);
      if (run.ended_early()) return interrupted(jobs, run);
      job.alone = step_of(run);
    }
    std::vector<const Job*> order = {&job};
    for (const Job& other : jobs)
      if (&other != &job) order.push_back(&other);
    Result<Run> amid = run_amid(order, options);
    if (!amid) return amid.errors();
    if (amid->ended_early()) return interrupted(jobs, std::move(*amid));
    times.push_back({job.scenario.name, job.scenario.file, job.first_node, job.scenario.cluster.nodes,
                     job.scenario.layout.gpus(), job.repeats, job.alone, step_of(*amid)});
    if (&job == &jobs.front()) main_amid = std::move(*amid);
  }

  Job& main = jobs.front();
  Simulated simulated;
  simulated.ranks = of_first_job(*main_amid, main_alone->simulated.ranks);
  simulated.classes = simulated.ranks;
  return JobsRun{{std::move(main.scenario), std::move(main.compiled), std::nullopt},
                 std::move(simulated),
                 main_amid->ranks_simulated,
                 std::move(times)};
}

}  // namespace orrery::models
