#include "cli/work/intervals.h"

#include <algorithm>
#include <cmath>

#include "models/compile/calibration_of.h"
#include "models/run/jobs.h"

namespace orrery::cli {
namespace {

// The value below which this share of the sorted ones lies (nearest rank).
template <class T>
T at_share(const std::vector<T>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

// 5th and 95th percentile.
template <class T>
std::pair<T, T> nine_in_ten(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return {at_share(values, 0.05), at_share(values, 0.95)};
}

struct OneJob {
  std::vector<Duration> steps;
  std::vector<double> slowdowns;

  report::JobInterval interval() const {
    const auto [low, high] = nine_in_ten(steps);
    const auto [least, most] = nine_in_ten(slowdowns);
    return {{static_cast<int>(steps.size()), low, high}, least, most};
  }
};

}  // namespace

Result<std::optional<report::StepInterval>> step_interval(const models::Scenario& scenario, int draws,
                                                          const std::atomic<bool>* stop,
                                                          const std::function<void(double)>& progress) {
  const auto calibration = models::calibration_of(scenario);
  if (!calibration) return calibration.errors();
  std::vector<Duration> steps;
  for (int draw = 1; draw <= draws; ++draw) {
    const models::Drawing drawing{scenario.simulation.seed, static_cast<std::uint64_t>(draw)};
    auto compiled =
        models::compile(scenario, *calibration ? &**calibration : nullptr, drawing, nullptr, models::Form::with_calls);
    if (!compiled) return compiled.errors();
    const Prepared prepared = prepare(scenario, std::move(compiled).value());
    SimulateOptions options;
    options.stop = stop;
    const Simulated simulated = simulate(prepared, options);
    throw_if_stuck(simulated);
    if (simulated.classes.interrupted) return std::optional<report::StepInterval>();
    steps.push_back(simulated.ranks.step_time());
    progress(static_cast<double>(draw) / draws);
  }
  const auto [low, high] = nine_in_ten(std::move(steps));
  return std::optional(report::StepInterval{draws, low, high});
}

Result<std::optional<std::vector<report::JobInterval>>> job_intervals(const models::Scenario& scenario, int draws,
                                                                      const std::atomic<bool>* stop,
                                                                      const std::function<void(double)>& progress) {
  std::vector<OneJob> jobs(scenario.jobs.size() + 1);
  for (int draw = 1; draw <= draws; ++draw) {
    models::JobsOptions options;
    options.drawing = {scenario.simulation.seed, static_cast<std::uint64_t>(draw)};
    options.simulate.stop = stop;
    const Result<models::JobsRun> run = models::run_jobs(scenario, options);
    if (!run) return run.errors();
    if (run->simulated.classes.interrupted) return std::optional<std::vector<report::JobInterval>>();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      jobs[i].steps.push_back(run->jobs[i].together);
      jobs[i].slowdowns.push_back(run->jobs[i].slowdown());
    }
    progress(static_cast<double>(draw) / draws);
  }
  std::vector<report::JobInterval> intervals;
  for (const OneJob& job : jobs) intervals.push_back(job.interval());
  return std::optional(std::move(intervals));
}

}  // namespace orrery::cli
