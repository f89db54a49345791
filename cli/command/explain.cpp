#include "report/explain/explain.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/work/pipeline.h"
#include "cli/work/what_if.h"
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
};

int ExplainCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto begin = std::chrono::steady_clock::now();
  const auto prepared = prepare_aloud(file, *overrides);
  if (!prepared) return report(prepared.errors());

  const std::atomic<bool>& stop = stop_on_interrupt();
  Progress progress(output.progress, output.quiet, file);
  sim::Trace trace;
  const Simulated simulated =
      simulate_aloud(*prepared, {&trace, &stop, [&progress](double fraction) { progress(fraction); }});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;

  const report::Result result = report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), wall.count()});
  report::Explanation explanation{result, report::kernel_shares(prepared->compiled, kTop), {}, {}, {}, {}, {}};
  report::fill_path(prepared->workload(), trace, kTop, explanation);
  if (!no_what_if) explanation.what_ifs = what_if(prepared->scenario, &stop);
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
