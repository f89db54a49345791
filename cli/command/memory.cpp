#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/work/pipeline.h"
#include "cli/work/what_fits.h"
#include "report/memory/memory_report.h"
#include "report/memory/memory_timeline.h"

namespace orrery::cli {
namespace {

constexpr int kSlices = 64;  // of the step, in the picture of memory over time

struct MemoryCommand {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;

  int run();
  Result<std::optional<report::MemoryAnswer>> answer_of(const models::Scenario& alone);
  Result<std::optional<report::MemoryAnswer>> answer_with_jobs(const models::Scenario& read);
};

RankId largest_rank(const report::Memory& memory) {
  const auto largest = std::max_element(memory.stages.begin(), memory.stages.end(),
                                        [](const auto& a, const auto& b) { return a.peak < b.peak; });
  return largest->rank;
}

// Without remedies; none when interrupted.
Result<std::optional<report::MemoryAnswer>> MemoryCommand::answer_of(const models::Scenario& alone) {
  const auto prepared = prepare_aloud(alone);
  if (!prepared) return prepared.errors();
  const std::vector<RankId> ranks = one_rank_a_stage(*prepared);
  report::MemoryTimeline timeline(prepared->workload(), ranks);
  Progress progress(output.progress, output.quiet, alone.file);
  const Simulated simulated = simulate_aloud(
      *prepared, {&timeline, &stop_on_interrupt(), [&progress](double fraction) { progress(fraction); }});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return std::optional<report::MemoryAnswer>();

  report::MemoryAnswer answer;
  answer.memory =
      report::memory_of({prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0});
  answer.over = memory_over_time(timeline, ranks, simulated.classes, kSlices);
  const RankId largest = largest_rank(answer.memory);
  answer.peak = report::peak_moment(prepared->compiled.workload, largest, simulated.ranks.ranks[largest]);
  return std::optional(std::move(answer));
}

// What a rank holds follows from the order of its own program, so no job's memory hangs on the others.
Result<std::optional<report::MemoryAnswer>> MemoryCommand::answer_with_jobs(const models::Scenario& read) {
  models::Scenario alone = read;
  alone.jobs.clear();
  auto answer = answer_of(alone);
  for (const models::JobSpec& job : read.jobs) {
    if (!answer || !*answer) return answer;
    auto other = answer_of(*job.scenario);
    if (!other || !*other) return other;
    (*answer)->jobs.push_back(
        {job.scenario->name, job.scenario->file, job.first_node, job.scenario->cluster.nodes, (*other)->memory});
  }
  return answer;
}

int MemoryCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto read = models::read_scenario(file, *overrides);
  if (!read) return report(read.errors());
  auto answer = answer_with_jobs(*read);
  if (!answer) return report(answer.errors());
  if (!*answer) return complain(file + ": interrupted"), kInterrupted;
  if (const report::Memory& memory = (*answer)->memory; !memory.fits)
    (*answer)->remedies = what_fits(file, *overrides, *read, memory.reserved + memory.runtime, &stop_on_interrupt());
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::memory_json(**answer)
                                           : report::memory_report(**answer, style_for(output.color, output.path)));
  if (!out.finish()) return kInputOutput;
  if (!(*answer)->memory.fits && stop_on_interrupt())
    return complain(file + ": interrupted: not all changes were looked at"), kInterrupted;
  return kDone;
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
