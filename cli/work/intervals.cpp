#include "cli/work/intervals.h"

#include <algorithm>
#include <cmath>

#include "models/compile/calibration_of.h"

namespace orrery::cli {
namespace {

// The value below which this share of the sorted ones lies (nearest rank).
Duration at_share(const std::vector<Duration>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

Result<std::optional<report::StepInterval>> step_interval(const models::Scenario& scenario, int draws,
                                                          const std::atomic<bool>* stop,
                                                          const std::function<void(double)>& progress) {
  const auto calibration = models::calibration_of(scenario);
  if (!calibration) return calibration.errors();
  std::vector<Duration> steps;
  for (int draw = 1; draw <= draws; ++draw) {
    const models::Drawing drawing{scenario.simulation.seed, static_cast<std::uint64_t>(draw)};
    auto compiled = models::compile(scenario, *calibration ? &**calibration : nullptr, drawing);
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
  std::sort(steps.begin(), steps.end());
  return std::optional(report::StepInterval{draws, at_share(steps, 0.05), at_share(steps, 0.95)});
}

}  // namespace orrery::cli
