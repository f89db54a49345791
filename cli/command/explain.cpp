#include "report/explain/explain.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/html_option.h"
#include "cli/options/options.h"
#include "cli/work/pipeline.h"
#include "cli/work/what_if.h"
#include "models/run/jobs.h"
#include "report/explain/path_shares.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kTop = 8;  // rows of every list

struct ExplainCommand {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;
  bool no_what_if = false;

  int run();
  int run_alone(const models::Scenario& read);
  int run_amid(const models::Scenario& read);
  int print(report::Explanation& explanation, const models::Scenario& read, const std::atomic<bool>& stop);
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

int ExplainCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto read = models::read_scenario(file, *overrides);
  if (!read) return report(read.errors());
  return read->jobs.empty() ? run_alone(*read) : run_amid(*read);
}

int ExplainCommand::run_alone(const models::Scenario& read) {
  const Clock::time_point begin = Clock::now();
  const auto prepared = prepare_aloud(read);
  if (!prepared) return report(prepared.errors());
  const std::atomic<bool>& stop = stop_on_interrupt();
  Progress progress(output.progress, output.quiet, file);
  sim::Trace trace;
  const Simulated simulated =
      simulate_aloud(*prepared, {&trace, &stop, [&progress](double fraction) { progress(fraction); }});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;

  const report::Result result = report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), seconds_since(begin)});
  report::Explanation explanation{result, report::kernel_shares(prepared->compiled, kTop), {}, {}, {}, {}, {}};
  report::fill_path(prepared->workload(), trace, kTop, explanation);
  return print(explanation, read, stop);
}

// The scenario's own ranks amid other jobs: those meet it on links alone.
int ExplainCommand::run_amid(const models::Scenario& read) {
  const Clock::time_point begin = Clock::now();
  const std::atomic<bool>& stop = stop_on_interrupt();
  Progress progress(output.progress, output.quiet, file);
  std::shared_ptr<const Prepared> all;
  std::optional<OwnTrace> trace;
  models::JobsOptions options;
  options.simulate.stop = &stop;
  options.simulate.progress = [&progress](double fraction) { progress(fraction); };
  options.listen = [&](const std::shared_ptr<const Prepared>& heard) -> Result<sim::TraceSink*> {
    return &trace.emplace(*(all = heard));
  };
  auto run = models::run_jobs(read, options);
  if (!run) return report(run.errors());
  if (run->simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;

  report::Result result = report::make_result(
      {run->main.scenario, run->main.compiled, run->simulated.ranks, run->ranks_simulated, seconds_since(begin)});
  result.jobs = std::move(run->jobs);
  report::Explanation explanation{result, report::kernel_shares(run->main.compiled, kTop), {}, {}, {}, {}, {}};
  report::fill_path(all->workload(), *trace, kTop, explanation);
  report::make_mean(explanation, run->repeats);
  if (!no_what_if) explanation.what_ifs = {{"no other jobs on the fabric", result.jobs.front().alone}};
  return print(explanation, read, stop);
}

int ExplainCommand::print(report::Explanation& explanation, const models::Scenario& read,
                          const std::atomic<bool>& stop) {
  if (!no_what_if)
    for (report::WhatIf& answer : what_if(read, Faster::twice, &stop))
      explanation.what_ifs.push_back(std::move(answer));
  if (stop.load()) return complain(file + ": interrupted"), kInterrupted;
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::explain_json(explanation)
                                           : report::explain(explanation, style_for(output.color, output.path)));
  return out.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto command = std::make_shared<ExplainCommand>();
  CLI::App& sub = *app.add_subcommand("explain", "Why a step takes that long, and what would change it");
  sub.add_option("FILE", command->file, "Scenario")->required();
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json"});
  sub.add_flag("--no-what-if", command->no_what_if, "Leave out the runs with faster hardware");
  sub.footer(
      "Examples:\n"
      "  orrery explain scenarios/llama-3.1-405b-8k-h100.yaml\n"
      "  orrery explain my.yaml --set overlap.gradients=false --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
