#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/progress.h"
#include "report/memory_report.h"
#include "report/memory_timeline.h"

namespace orrery::cli {
namespace {

constexpr int kSlices = 64;  // of the step, in the picture of memory over time

struct MemoryCommand {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;

  int run();
};

int MemoryCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto prepared = prepare(file, *overrides);
  if (!prepared) return report(prepared.errors());

  const std::vector<RankId> ranks = one_rank_a_stage(*prepared);
  report::MemoryTimeline timeline(prepared->workload(), ranks);
  Progress progress(output.progress, output.quiet, file);
  const Simulated simulated =
      simulate(*prepared, {&timeline, &stop_on_interrupt(), [&progress](double fraction) { progress(fraction); }});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;

  const report::Memory memory =
      report::memory_of({prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0});
  const report::MemoryOverTime over = memory_over_time(timeline, ranks, simulated.classes, kSlices);
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::memory_json(memory, over)
                                           : report::memory_report(memory, over, style_for(output.color, output.path)));
  return out.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_memory(CLI::App& app, int& status) {
  auto command = std::make_shared<MemoryCommand>();
  CLI::App& sub = *app.add_subcommand("memory", "Footprint per stage and cause, and over time");
  sub.add_option("FILE", command->file, "Scenario")->required();
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json"});
  sub.footer(
      "Examples:\n"
      "  orrery memory scenarios/llama-3.1-70b-64-h100.yaml\n"
      "  orrery memory my.yaml --set training.recompute=full");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
