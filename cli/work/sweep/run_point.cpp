#include "cli/work/sweep/run_point.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "cli/work/pipeline.h"
#include "models/compile/outline/outline.h"
#include "models/run/jobs.h"
#include "report/result.h"
#include "report/text.h"
#include "report/will_fit.h"
#include "sim/bound/least_step.h"

namespace orrery::cli {
namespace {

using sweep::Outcome;
using sweep::Status;

Outcome pruned(std::string reason) {
  Outcome outcome;
  outcome.status = Status::pruned;
  outcome.reason = std::move(reason);
  return outcome;
}

Outcome timed_out(const sweep::RunCap& cap) {
  Outcome outcome;
  outcome.status = Status::timeout;
  outcome.reason =
      "its run took longer than " + report::human_seconds(std::chrono::duration<double>(cap.cap()).count());
  return outcome;
}

std::string at_least(double step_s) {
  return "its step is at least " + report::human_seconds(step_s);
}

// Without its programs; what is wrong with them is found out when they are made.
std::optional<std::string> ruled_out_at_a_glance(const models::Scenario& scenario, const sweep::Best& best,
                                                 double tokens) {
  const Result<models::Outline> outline = models::outline(scenario);
  if (!outline) return std::nullopt;
  if (outline->exceeds_memory) return report::kDoesNotFit;
  const double least = outline->step.seconds();
  if (best.rules_out(least, tokens, scenario.layout.gpus())) return at_least(least);
  return std::nullopt;
}

double tokens_of(const models::Scenario& scenario) {
  return static_cast<double>(scenario.training.global_batch) * static_cast<double>(scenario.training.sequence_length);
}

Outcome outcome_of_run(const report::RunInputs& run) {
  const report::Result result = report::figures_of(run);
  Outcome o;
  o.warnings = report::warnings_of(run.scenario, run.compiled);
  o.status = Status::ok;
  o.gpus = result.gpus;
  o.step_time_s = result.step_time.seconds();
  o.tokens_per_s = result.tokens_per_s;
  o.model_tflops_per_gpu = result.model_tflops_per_gpu;
  o.mfu = result.mfu;
  o.bubble_fraction = result.bubble_fraction();
  const report::TimeParts& t = result.time;
  o.exposed_comm_s = (t.exposed_tp + t.exposed_cp + t.exposed_ep + t.exposed_pp + t.exposed_dp).seconds();
  for (std::size_t i = 0; i < o.parts.size(); ++i) o.parts[i] = (t.*report::TimeParts::all()[i].member).seconds();
  o.peak_bytes = result.memory.peak.n;
  o.reserved_bytes = result.memory.reserved.n;
  o.fits = result.memory.fits;
  o.events = result.events;
  return o;
}

// Amid the other jobs on its fabric.
Outcome run_amid(models::Scenario scenario, const std::string& file, sweep::RunCap* cap) {
  const sweep::RunCap::Run capped(cap);
  models::JobsOptions options;
  options.only_main = true;
  options.simulate.stop = &capped.flag();
  const Result<models::JobsRun> run = models::run_jobs(std::move(scenario), options);
  if (!run) return infeasible(reason_of(run.errors(), file));
  if (run->simulated.classes.interrupted) return timed_out(*cap);
  return outcome_of_run({run->main.scenario, run->main.compiled, run->simulated.ranks, run->ranks_simulated, 0});
}

}  // namespace

sweep::Outcome infeasible(std::string reason) {
  Outcome outcome;
  outcome.status = Status::infeasible;
  outcome.reason = std::move(reason);
  return outcome;
}

std::string reason_of(const Errors& errors, const std::string& file) {
  std::string what = errors.empty() ? "unknown" : errors.front().what;
  std::replace(what.begin(), what.end(), '\n', ' ');
  for (std::size_t at = what.find(" (" + file + ":"); at != std::string::npos; at = what.find(" (" + file + ":"))
    what.erase(at, std::min(what.find(')', at), what.size() - 1) + 1 - at);
  return what;
}

sweep::Outcome run_point(models::Scenario scenario, const std::string& file, const PointTools& tools) {
  const sweep::Best* const best = tools.best;
  if (!scenario.jobs.empty()) return run_amid(std::move(scenario), file, tools.cap);
  const double tokens = tokens_of(scenario);
  if (best != nullptr)
    if (const auto why = ruled_out_at_a_glance(scenario, *best, tokens)) return pruned(*why);
  Result<models::Compiled> compiled =
      compile_placed(scenario, file, nullptr, {}, models::Form::with_calls, &tools.bench);
  if (!compiled) return infeasible(reason_of(compiled.errors(), file));
  if (best != nullptr && !report::will_fit(scenario, *compiled)) return pruned(report::kDoesNotFit);
  const Prepared prepared = prepare(std::move(scenario), std::move(*compiled), {}, &tools.bench);
  if (best != nullptr) {
    const double least = sim::least_step(prepared.workload()).seconds();
    if (best->rules_out(least, tokens, prepared.scenario.layout.gpus())) return pruned(at_least(least));
  }
  const sweep::RunCap::Run capped(tools.cap);
  models::SimulateOptions options;
  options.bench = &tools.bench;
  options.stop = &capped.flag();
  const Simulated simulated = simulate(prepared, options);
  if (simulated.classes.interrupted) return timed_out(*tools.cap);
  throw_if_stuck(simulated);
  return outcome_of_run({prepared.scenario, prepared.compiled, simulated.ranks, prepared.workload().ranks(), 0});
}

}  // namespace orrery::cli
