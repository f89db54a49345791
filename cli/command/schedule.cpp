#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "models/compile/pipeline/schedule_of.h"
#include "models/compute/cost_model.h"
#include "models/scenario/reader.h"
#include "models/schedules/show/comparison.h"
#include "models/schedules/show/output.h"
#include "sim/base/read/suggest.h"

namespace orrery::cli {
namespace {

struct ScheduleCommand {
  std::string file, costs = "1,1,1,0", memory_limit, format = "table", output;
  models::ScheduleRequest request;
  Where asked_at;  // in a scenario
  ScenarioOptions scenario;
  bool all = false;
  CLI::App* app = nullptr;

  int run();
  int request_from_file();
  int request_from_options();
  int refuse_name() const;
  int read_limits();
  int compare();
  int compare_for_file();
  int show(const std::string& text);
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
  const auto model = models::cost_models(read->cluster, read->software);
  models::KernelTable kernels(model);
  request = models::schedule_request(*read, kernels);
  asked_at = read->at("pipeline.schedule");
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

// Costs and the memory limit, unless a scenario gave its own.
int ScheduleCommand::read_limits() {
  if (request.costs.empty() || given("--costs")) {
    const auto parsed = models::parse_schedule_costs(costs);
    if (!parsed) return report(parsed.errors()), kUsage;
    request.costs = {*parsed};
  }
  if (memory_limit.empty()) return kDone;
  const auto limit = models::parse_forwards_limit(memory_limit, request.ranks);
  if (!limit) return report(limit.errors()), kUsage;
  request.memory = {*limit};
  return kDone;
}

int ScheduleCommand::show(const std::string& text) {
  Output out(output);
  if (!out.ok()) return kInputOutput;
  out.stream() << text;
  if (!text.empty() && text.back() != '\n') out.stream() << '\n';
  return out.finish() ? kDone : kInputOutput;
}

// Every schedule for the same ranks and micro-batches.
int ScheduleCommand::compare() {
  if (format != "table" && format != "csv") return complain("--all is printed as table or csv, not " + format), kUsage;
  for (const char* option : {"--schedule", "--group", "--rule", "--extra-warmup"})
    if (given(option)) return complain(std::string(option) + " is of one schedule, and --all shows them all"), kUsage;
  if (!file.empty()) return compare_for_file();
  if (!given("-p") || !given("-m"))
    return complain("schedule --all: give -p RANKS -m MICRO_BATCHES, or a scenario FILE"), kUsage;
  if (!given("-v")) request.chunks = 2;
  if (const int status = read_limits(); status != kDone) return status;
  return show(models::comparison_table(models::compare_all(request), format == "csv"));
}

// The scenario with each schedule in turn, by what its stages then cost; times in milliseconds.
int ScheduleCommand::compare_for_file() {
  for (const char* option : {"-p", "-m", "-v", "--costs", "--memory-limit"})
    if (given(option)) return complain(std::string(option) + " cannot stand beside a scenario; use --set"), kUsage;
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto base = models::read_scenario(file, *overrides);
  if (!base) return report(base.errors());
  constexpr double kNanosecondsPerMillisecond = 1e6;
  std::vector<models::Compared> rows;
  for (const std::string_view name : models::schedule_names()) {
    if (name == "none") continue;
    const int chunks = models::schedule_traits(name).chunks;
    const int here = chunks > 0 ? chunks : std::max(2, base->pipeline.virtual_stages);
    models::Scenario changed = *base;
    models::set_schedule(changed, std::string(name), here);
    const auto model = models::cost_models(changed.cluster, changed.software);
    models::KernelTable kernels(model);
    models::Compared row{std::string(name), "", {}, kNanosecondsPerMillisecond};
    if (changed.pipeline.stage_layers.empty()) {
      row.refused = "more chunks than layers + 2";
    } else if (auto schedule = models::schedule_of(changed, kernels); schedule.ok()) {
      row.schedule = std::move(schedule).value();
      row.schedule.request.costs = models::stage_costs(changed, row.schedule.placement, kernels);
    } else {
      row.refused = schedule.errors().front().what;
    }
    rows.push_back(std::move(row));
  }
  return show(models::comparison_table(rows, format == "csv"));
}

int ScheduleCommand::run() {
  if (all) return compare();
  if (const int status = file.empty() ? request_from_options() : request_from_file(); status != kDone) return status;
  if (const int status = read_limits(); status != kDone) return status;
  const auto text = models::schedule_output(request, format);
  if (text) return show(*text);
  Errors errors = text.errors();
  for (Error& error : errors)
    if (error.where.file.empty()) error.where = asked_at;
  return report(errors);
}

void add_options(CLI::App& sub, ScheduleCommand& command) {
  sub.add_option("FILE", command.file, "Scenario; or say it with the options below");
  command.scenario.add_to(sub);
  sub.add_flag("--all", command.all,
               "All schedules beside each other, for -p and -m or by what a scenario's stages cost");
  sub.add_option("--schedule", command.request.name, "Name of the schedule, or a file of an order (.csv)")
      ->option_text("NAME");
  sub.add_option("-p", command.request.ranks, "Pipeline ranks")->option_text("P");
  sub.add_option("-m", command.request.micro_batches, "Micro-batches")->option_text("M");
  sub.add_option("-v", command.request.chunks, "Model chunks a rank")->option_text("V");
  sub.add_option("--group", command.request.group, "Interleaved: micro-batches a group (default P)")->option_text("N");
  sub.add_option("--rule", command.request.rule, "Interleaved: rounds, PyTorch's rule")->option_text("rounds");
  sub.add_option("--extra-warmup", command.request.extra_warmup, "Interleaved: more forwards before the first backward")
      ->option_text("N");
  sub.add_option("--costs", command.costs, "Time of F, I, W, a transfer, B (I+W), an overlapped pair (F+B)")
      ->option_text("F,I,W,COMM[,B[,OVERLAP]]");
  sub.add_option("--memory-limit", command.memory_limit,
                 "zb-auto: forwards that a rank may hold, in pipelines (default 1p)")
      ->option_text("1p|2p");
  one_of(sub.add_option("--format", command.format, "How to print; or what frameworks make of the order"),
         strings(models::schedule_formats()));
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
      "  orrery schedule --schedule dualpipe -p 8 -m 20 --format svg -o dualpipe.svg\n"
      "  orrery schedule --all -p 8 -m 32\n"
      "  orrery schedule scenarios/llama-3.1-405b-8k-h100.yaml --format csv");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
