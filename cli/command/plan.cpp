#include "report/plan/plan.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/help_key.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "cli/options/threads.h"
#include "cli/work/plan/cluster_sizes.h"
#include "cli/work/plan/plan_sizes.h"
#include "models/scenario/keys/keys.h"
#include "report/plan/plan_page.h"
#include "sim/base/read/quantity.h"
#include "sweep/plan/axes.h"
#include "sweep/plan/solver.h"

namespace orrery::cli {
namespace {

struct Plan {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;
  std::vector<std::string> keep, also;
  std::string gpus, memory_limit, tokens, max_cost, objective = "time", html;
  std::size_t top = 10;
  int jobs = 0;
  report::Training training;
  Room room;
  bool no_limits = false;

  int run();

 private:
  int read_amounts();
  int refuse_kept() const;
  PlanScope scope(std::vector<models::Override> overrides, std::string solver) const;
  int search(PlanSizes& searches, std::vector<report::PlanReport>& found) const;
  int make(PlanScope scope);
  int show(const report::Plans& plans) const;
};

// Whoever mistypes a key would find it searched all the same.
int Plan::refuse_kept() const {
  for (const std::string& key : keep) {
    const std::vector<const models::Key*>& inside = models::keys_in(key);
    if (models::find_key(key) != nullptr && inside.empty()) continue;
    complain("--keep " + key + ": " +
             (inside.empty() ? "there is no such key" + suggest_key(key)
                             : "is a section; name a key of it, as " + std::string(inside.front()->path)));
    return kUsage;
  }
  return kDone;
}

// A count that an option takes, as 15T; nothing where it was not given.
Result<double> count_of(const std::string& text, const char* option) {
  const Where here{option, 0, 0};
  if (text.empty()) return 0.0;
  const auto count = parse_count(text, here);
  if (!count) return count.errors();
  if (*count < 1) return Error{here, "must be at least 1"};
  return static_cast<double>(*count);
}

int Plan::read_amounts() {
  const Result<double> to_train_on = count_of(tokens, "--tokens"), most_cost = count_of(max_cost, "--max-cost");
  for (const Result<double>* count : {&to_train_on, &most_cost})
    if (!*count) return report(count->errors()), kUsage;
  training.tokens = *to_train_on;
  training.most_cost = *most_cost;
  if (*most_cost > 0 && training.gpu_hour_price + training.kilowatt_hour_price == 0)
    return complain("--max-cost needs --price, of a GPU-hour, or --power-price, of a kilowatt-hour"), kUsage;
  if (memory_limit.empty()) return kDone;
  const Result<Bytes> limit = parse_bytes(memory_limit, {"--memory-limit", 0, 0});
  if (!limit) return report(limit.errors()), kUsage;
  room.limit = *limit;
  return kDone;
}

// A validator of numbers above 0 (from 1, for `least`) and up to a million.
CLI::Validator number_of(const std::string& what, double least = 0) {
  return {[=](const std::string& text) {
            constexpr double kMost = 1e6;
            char* end = nullptr;
            const double number = std::strtod(text.c_str(), &end);
            const bool is_one = end != text.c_str() && *end == '\0' && number >= least && number > 0 && number <= kMost;
            const std::string range = least > 0 ? "from 1" : "above 0 and";
            return is_one ? "" : "'" + text + "' is no " + what + ", a number " + range + " up to 1000000";
          },
          ""};
}

PlanScope Plan::scope(std::vector<models::Override> overrides, std::string solver) const {
  PlanScope scope{file, std::move(overrides), keep, also, {}, room, {}, std::move(solver), {}};
  scope.search.top = top;
  scope.search.threads = threads_of(jobs);
  scope.search.stop = &stop_on_interrupt();
  return scope;
}

int Plan::run() {
  auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors());
  if (const int status = refuse_kept(); status != kDone) return status;
  if (const int status = read_amounts(); status != kDone) return status;
  const bool by_layers = std::find(also.begin(), also.end(), "layout.by_layers") != also.end();
  const std::optional<std::string> solver = sweep::find_solver();
  if (by_layers && !solver) {
    complain("--search layout.by_layers needs the solver cbc (Debian: coinor-cbc); $ORRERY_CBC may say where it is");
    return kMissing;
  }
  const DocumentCache presets;
  return make(scope(std::move(*overrides), solver.value_or("")));
}

int Plan::search(PlanSizes& searches, std::vector<report::PlanReport>& found) const {
  if (gpus.empty()) {
    auto plan = searches.search();
    if (!plan) return report(plan.errors());
    found = std::move(*plan);
    return kDone;
  }
  const Result<models::Scenario> read = searches.open();
  if (!read) return report(read.errors());
  const Result<std::vector<int>> sizes = cluster_sizes(gpus, read->cluster);
  if (!sizes) return report(sizes.errors()), kUsage;
  found = searches.search(*read, *sizes);
  return kDone;
}

int Plan::make(PlanScope scope) {
  PlanSizes searches(std::move(scope), {output.progress, output.quiet});
  std::vector<report::PlanReport> found;
  if (const int status = search(searches, found); status != kDone) return status;
  report::Plans plans{std::move(found), training, objective == "cost" ? report::Aim::cost : report::Aim::time, {}, {}};
  plans.chosen = report::choose_size(plans.sizes, training, plans.aim);
  if (plans.chosen && !no_limits && !plans.sizes.back().search.stopped)
    plans.limits = searches.limits(*plans.chosen, plans.sizes[*plans.chosen]);
  return show(plans);
}

int Plan::show(const report::Plans& plans) const {
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json"  ? report::plan_json(plans)
                   : output.format == "csv" ? report::plan_csv(plans)
                                            : with_headings(report::plan_text(plans), output.color, output.path));
  if (!out.finish()) return kInputOutput;
  if (!html.empty()) {
    Output page(html);
    if (!page.ok()) return kInputOutput;
    page.stream() << report::plan_page(plans);
    if (!page.finish()) return kInputOutput;
  }
  if (stop_on_interrupt()) return complain(plans.chosen ? "interrupted: the best so far" : "interrupted"), kInterrupted;
  return plans.chosen ? kDone : kInfeasible;
}

// What a training is to go through, and what it may take.
void add_training(CLI::App& sub, Plan& plan) {
  report::Training& training = plan.training;
  CLI::Option* tokens = sub.add_option("--tokens", plan.tokens, "Tokens to train on, as 15T: days, GPU-hours, energy");
  tokens->option_text("N");
  CLI::Option* price = sub.add_option("--price", training.gpu_hour_price, "Of a GPU-hour: what that costs");
  price->option_text("MONEY")->check(number_of("price"))->needs(tokens);
  CLI::Option* power = sub.add_option("--power-price", training.kilowatt_hour_price, "Of a kilowatt-hour");
  power->option_text("MONEY")->check(number_of("price"))->needs(tokens);
  sub.add_option("--pue", training.pue, "What the building draws for each watt of its GPUs (default: 1)")
      ->option_text("X")
      ->check(number_of("power usage effectiveness", 1))
      ->needs(tokens);
  sub.add_option("--max-days", training.most_days, "The training may take so long at most")
      ->option_text("DAYS")
      ->check(number_of("number of days"))
      ->needs(tokens);
  sub.add_option("--max-cost", plan.max_cost, "and cost so much, as 2M")->option_text("MONEY")->needs(tokens);
  one_of(
      sub.add_option("--objective", plan.objective,
                     "What the best of several sizes has least of (default: time); cost is GPU-hours without a price"),
      {"time", "cost"});
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  auto command = std::make_shared<Plan>();
  CLI::App& sub = *app.add_subcommand("plan", "The fastest layout that fits, and why the runners-up lost");
  sub.add_option("FILE", command->file, "Scenario: its model, cluster and training; its layout is searched anew")
      ->required();
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json", "csv"});
  sub.add_option("--keep", command->keep, "A key that stays as the file has it, as layout.tp; one of --set stays too")
      ->option_text("KEY");
  one_of(sub.add_option("--search", command->also, "Search this key too; may be given again")->allow_extra_args(false),
         sweep::searched_on_request());
  sub.add_option("--top", command->top, "How many layouts to tell (default: 10)")
      ->option_text("N")
      ->check(CLI::Range(1, 1000));
  add_jobs(sub, command->jobs);
  sub.add_option("--gpus", command->gpus, "Sizes of the cluster in place of the file's: 64, 64,96 or 8..1024")
      ->option_text("N");
  sub.add_option("--memory-limit", command->memory_limit, "What a GPU may hold at most, as 72GiB")
      ->option_text("BYTES");
  sub.add_flag("--any-memory", command->room.any, "Layouts that do not fit, too");
  sub.add_option("--report", command->html, "Write a page about the plan")->option_text("OUT.html");
  sub.add_flag("--no-limits", command->no_limits, "Leave out what limits the fastest");
  add_training(sub, *command);
  sub.footer(
      "Examples:\n"
      "  orrery plan scenarios/llama-3.1-70b-64-h100.yaml --tokens 2T --price 2.5\n"
      "  orrery plan my.yaml --gpus 64..1024 --tokens 2T --max-days 30 --objective cost\n"
      "  orrery plan my.yaml --set layout.tp=8 --keep training.recompute --search layout.order");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
