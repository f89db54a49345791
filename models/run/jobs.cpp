#include "models/run/jobs.h"

#include <algorithm>

#include "models/run/placed_job.h"
#include "sim/jobs.h"

namespace orrery::models {
namespace {

// A job's program is written out so often at most.
constexpr std::int64_t kMostRepeats = 1024;

using Order = std::vector<const PlacedJob*>;  // the measured one first

// One run of several jobs, and what came of the first of them.
struct Run {
  Simulated simulated;  // of all ranks
  std::uint64_t ranks_simulated = 0;
  std::size_t ranks = 0;  // of the first job
  int repeats = 1;
  std::int64_t others_more = 1;  // steps of the others for each of theirs

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

std::shared_ptr<const Prepared> prepare_together(const Order& jobs, std::int64_t others_more) {
  std::vector<sim::PlacedJob> placed;
  for (const PlacedJob* job : jobs) {
    const std::int64_t repeats = placed.empty() ? job->repeats : job->repeats * others_more;
    placed.push_back({&job->compiled.workload, job->gpu_of, static_cast<int>(repeats), job->scenario.name});
  }
  Compiled all = jobs.front()->compiled;
  all.workload = sim::joined(placed);
  return std::make_shared<const Prepared>(prepare(jobs.front()->scenario, std::move(all)));
}

Run run_prepared(const Prepared& all, const PlacedJob& first, std::int64_t others_more,
                 const SimulateOptions& options) {
  Run run{simulate(all, options), all.workload().ranks(), first.compiled.workload.ranks(), first.repeats, others_more};
  throw_if_stuck(run.simulated);
  return run;
}

Run run_together(const Order& jobs, std::int64_t others_more, const SimulateOptions& options) {
  return run_prepared(*prepare_together(jobs, others_more), *jobs.front(), others_more, options);
}

// The same run once more, with somebody who hears of it.
Result<Run> run_aloud(const Order& jobs, std::int64_t others_more, SimulateOptions options, const Listen& listen) {
  const std::shared_ptr<const Prepared> all = prepare_together(jobs, others_more);
  const Result<sim::TraceSink*> listener = listen(all);
  if (!listener) return listener.errors();
  options.trace = *listener;
  return run_prepared(*all, *jobs.front(), others_more, options);
}

Duration step_of(const Run& run) {
  return Duration::ps(last_step(run.simulated.ranks.ranks, 0, run.ranks).length().count_ps() / run.repeats);
}

// The first job amid the others, which go on until it is done: they do twice as many
// steps as before until that is so.
Result<Run> run_amid(const Order& jobs, const SimulateOptions& options) {
  std::int64_t most = 0;
  for (const PlacedJob* job : jobs) most = std::max<std::int64_t>(most, job->repeats);
  for (std::int64_t more = 1; more * most <= kMostRepeats; more *= 2) {
    Run run = run_together(jobs, more, options);
    if (run.ended_early()) return run;
    const sim::RankSummaries& ranks = run.simulated.ranks.ranks;
    const Time done = last_step(ranks, 0, run.ranks).to;
    std::size_t first = run.ranks;
    const bool others_went_on = std::all_of(jobs.begin() + 1, jobs.end(), [&](const PlacedJob* job) {
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

Simulated seen_by_first_job(Run run, const sim::RunResult& alone) {
  Simulated simulated;
  simulated.ranks = of_first_job(run, alone);
  const Interval measured = last_step(run.simulated.ranks.ranks, 0, run.ranks);
  simulated.classes = std::move(run.simulated.classes);
  simulated.classes.step_ends = {measured.from, measured.to};
  return simulated;
}

JobsRun interrupted(std::vector<PlacedJob>& jobs, Run run) {
  PlacedJob& main = jobs.front();
  return {{std::move(main.scenario), std::move(main.compiled), std::nullopt}, std::move(run.simulated), 0, {}, 1};
}

// How many of its steps last as long as the longest job's one.
void set_repeats(std::vector<PlacedJob>& jobs) {
  Duration longest;
  for (const PlacedJob& job : jobs) longest = std::max(longest, job.alone);
  for (PlacedJob& job : jobs) {
    const std::int64_t step = std::max<std::int64_t>(1, job.alone.count_ps());
    job.repeats =
        static_cast<int>(std::clamp<std::int64_t>((longest.count_ps() + step - 1) / step, 1, kMostRepeats + 1));
  }
}

Order with_first(const std::vector<PlacedJob>& jobs, const PlacedJob& first) {
  Order order = {&first};
  for (const PlacedJob& other : jobs)
    if (&other != &first) order.push_back(&other);
  return order;
}

}  // namespace

Result<JobsRun> run_jobs(Scenario scenario, const JobsOptions& options) {
  if (Errors errors = check_calibrations(scenario); !errors.empty()) return errors;
  Result<std::vector<PlacedJob>> made = place_jobs(std::move(scenario), options.drawing);
  if (!made) return made.errors();
  std::vector<PlacedJob>& jobs = *made;
  const SimulateOptions& simulate = options.simulate;

  std::optional<Run> main_alone, main_amid;
  for (PlacedJob& job : jobs) {
    Run run = run_together({&job}, 1, simulate);
    if (run.ended_early()) return interrupted(jobs, std::move(run));
    job.alone = step_of(run);
    if (&job == &jobs.front()) main_alone = std::move(run);
  }
  set_repeats(jobs);
  std::vector<JobTimes> times;
  for (PlacedJob& job : jobs) {
    const bool is_main = &job == &jobs.front();
    if (!is_main && options.only_main) break;
    if (job.repeats > kMostRepeats) return run_amid({&job}, simulate).errors();
    if (job.repeats > 1) {
      const Run run = run_together({&job}, 1, simulate);
      if (run.ended_early()) return interrupted(jobs, run);
      job.alone = step_of(run);
    }
    const Order order = with_first(jobs, job);
    Result<Run> amid = run_amid(order, simulate);
    if (amid && !amid->ended_early() && is_main && options.listen)
      amid = run_aloud(order, amid->others_more, simulate, options.listen);
    if (!amid) return amid.errors();
    if (amid->ended_early()) return interrupted(jobs, std::move(*amid));
    times.push_back({job.scenario.name, job.scenario.file, job.first_node, job.scenario.cluster.nodes,
                     job.scenario.layout.gpus(), job.repeats, job.alone, step_of(*amid)});
    if (is_main) main_amid = std::move(*amid);
  }

  PlacedJob& main = jobs.front();
  const std::uint64_t ranks_simulated = main_amid->ranks_simulated;
  return JobsRun{{std::move(main.scenario), std::move(main.compiled), std::nullopt},
                 seen_by_first_job(std::move(*main_amid), main_alone->simulated.ranks),
                 ranks_simulated,
                 std::move(times),
                 main.repeats};
}

}  // namespace orrery::models
