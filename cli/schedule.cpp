#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "cli/output.h"
#include "models/scenario/reader.h"
#include "models/schedules/show/output.h"
#include "sim/base/suggest.h"

namespace orrery::cli {
namespace {

struct ScheduleCommand {
  std::string file, costs = "1,1,1,0", memory_limit, format = "table", output;
  models::ScheduleRequest request;
  ScenarioOptions scenario;
  CLI::App* app = nullptr;

  int run();
  int request_from_file();
  int request_from_options();
  int refuse_name() const;
  bool given(const std::string& option) const { return app->count(option) > 0; }
};

constexpr const char* kWithoutScenario[] = {"--schedule", "-p", "-m", "-v", "--group", "--rule", "--extra-warmup"};

std::vector<std::string> strings(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

int ScheduleCommand::refuse_name() const {
  const auto known = strings(models::schedule_names());
  const std::string& name = request.name;
  if (name.ends_with(".csv") || std::find(known.begin(), known.end(), name) != known.end()) return kDone;
  complain("--schedule " + name + ": there is no such schedule" + did_you_mean(name, known));
  return kUsage;
}

// The schedule of a scenario, as its pipeline section asks for it.
int ScheduleCommand::request_from_file() {
  for (const char* option : kWithoutScenario)
    if (given(option)) return complain(std::string(option) + " cannot stand beside a scenario; use --set"), kUsage;
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto read = models::read_scenario(file, *overrides);
  if (!read) return report(read.errors());
  request.name = read->pipeline.schedule;
  request.ranks = read->layout.pp;
  request.micro_batches = read->micro_batches();
  request.chunks = read->pipeline.virtual_stages;
  if (models::schedule_traits(request.name).grouped) request.group = read->pipeline.group;
  return kDone;
}

int ScheduleCommand::request_from_options() {
  const bool from_file = request.name.ends_with(".csv");
  if (!given("--schedule") || (!from_file && (!given("-p") || !given("-m"))))
    return complain("schedule: give a scenario FILE, or --schedule NAME -p RANKS -m MICRO_BATCHES"), kUsage;
  if (const int status = refuse_name(); status != kDone) return status;
  if (!given("-v")) request.chunks = models::usual_chunks(request.name);
  return kDone;
}

int ScheduleCommand::run() {
  const int status = file.empty() ? request_from_options() : request_from_file();
  if (status != kDone) return status;
  const auto parsed = models::parse_schedule_costs(costs);
  if (!parsed) return report(parsed.errors()), kUsage;
  request.costs = {*parsed};
  if (!memory_limit.empty()) {
    const auto limit = models::parse_forwards_limit(memory_limit, request.ranks);
    if (!limit) return report(limit.errors()), kUsage;
    request.memory = {*limit};
  }
  const auto text = models::schedule_output(request, format);
  if (!text) return report(text.errors());
  Output out(output);
  if (!out.ok()) return kInputOutput;
  out.stream() << *text;
  if (!text->empty() && text->back() != '\n') out.stream() << '\n';
  return out.finish() ? kDone : kInputOutput;
}

void add_options(CLI::App& sub, ScheduleCommand& command) {
  sub.add_option("FILE", command.file, "Scenario; or say it with the options below");
  command.scenario.add_to(sub);
  sub.add_option("--schedule", command.request.name, "Name of the schedule")->option_text("NAME");
  sub.add_option("-p", command.request.ranks, "Pipeline ranks")->option_text("P");
  sub.add_option("-m", command.request.micro_batches, "Micro-batches")->option_text("M");
  sub.add_option("-v", command.request.chunks, "Model chunks a rank")->option_text("V");
  sub.add_option("--group", command.request.group, "Interleaved: micro-batches a group (default P)")->option_text("N");
  sub.add_option("--rule", command.request.rule, "Interleaved: rounds, PyTorch's rule")->option_text("rounds");
  sub.add_option("--extra-warmup", command.request.extra_warmup, "Interleaved: more forwards before the first backward")
      ->option_text("N");
  sub.add_option("--costs", command.costs, "Time of F, I, W, a transfer, B (I+W), an overlapped pair (F+B)")
      ->option_text("F,I,W,COMM[,B[,OVERLAP]]");
  sub.add_option("--memory-limit", command.memory_limit, "zb-auto: forwards that a rank may hold, in pipelines (default 1p)")
      ->option_text("1p|2p");
  one_of(sub.add_option("--format", command.format, "How to print"), {"table", "csv", "json", "svg"});
  sub.add_option("-o,--output", command.output, "Write there instead of to standard output")->option_text("FILE");
}

}  // namespace

void add_schedule(CLI::App& app, int& status) {
  auto command = std::make_shared<ScheduleCommand>();
  CLI::App& sub = *app.add_subcommand("schedule", "The order of actions of every pipeline rank");
  command->app = &sub;
  add_options(sub, *command);
  sub.footer(
      "Examples:\n"
      "  orrery schedule --schedule interleaved-1f1b -p 4 -m 8 -v 2\n"
      "  orrery schedule scenarios/llama-3.1-405b-8k-h100.yaml --format csv");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
