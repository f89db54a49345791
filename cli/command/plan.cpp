#include "report/plan.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

#include "cli/command/command.h"
#include "cli/console/help_key.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/options/threads.h"
#include "cli/work/plan/plan_layouts.h"
#include "models/scenario/keys/keys.h"
#include "report/text.h"
#include "sim/base/read/quantity.h"
#include "sweep/plan/layouts.h"
#include "sweep/plan/solver.h"

namespace orrery::cli {
namespace {

struct Plan {
  std::string file, tokens;
  ScenarioOptions scenario;
  OutputOptions output;
  std::vector<std::string> keep, also;
  std::size_t top = 10;
  int jobs = 0;
  double training_tokens = 0, price = 0;
  bool any_memory = false;

  int run();

 private:
  int read_tokens();
  int refuse_kept() const;
  sweep::SearchOptions options() const;
  sweep::SearchResult search(const PlanLayouts& layouts, std::map<std::uint64_t, report::Result>& results) const;
  int show(const report::PlanReport& plan) const;
};

// Whoever mistypes a key would find it searched all the same.
int Plan::refuse_kept() const {
  for (const std::string& key : keep) {
    const std::vector<const models::Key*> inside = models::keys_in(key);
    if (models::find_key(key) != nullptr && inside.empty()) continue;
    complain("--keep " + key + ": " +
             (inside.empty() ? "there is no such key" + suggest_key(key)
                             : "is a section; name a key of it, as " + std::string(inside.front()->path)));
    return kUsage;
  }
  return kDone;
}

int Plan::read_tokens() {
  if (tokens.empty()) return kDone;
  const Where here{"--tokens", 0, 0};
  const auto count = parse_count(tokens, here);
  if (!count) return report(count.errors()), kUsage;
  if (*count < 1) return report(Errors{{here, "must be at least 1"}}), kUsage;
  training_tokens = static_cast<double>(*count);
  return kDone;
}

std::string refuse_price(const std::string& text) {
  constexpr double kMostExpensive = 1e6;
  char* end = nullptr;
  const double price = std::strtod(text.c_str(), &end);
  const bool is_price = end != text.c_str() && *end == '\0' && price > 0 && price <= kMostExpensive;
  return is_price ? "" : "'" + text + "' is no price of a GPU-hour, a number above 0 and up to 1000000";
}

sweep::SearchOptions Plan::options() const {
  sweep::SearchOptions options;
  options.top = top;
  options.threads = threads_of(jobs);
  options.stop = &stop_on_interrupt();
  return options;
}

// Nobody knows how many layouts will have to be simulated; how near what is left may still come is known.
std::string how_far(const sweep::SearchResult& found, double least_bound) {
  std::string text =
      std::to_string(found.looked_closer) + " compiled, " + std::to_string(found.worked_out) + " simulated";
  if (!found.best.empty()) text += ", best " + report::human_seconds(found.best.front().value);
  return text + ", what is left takes at least " + report::human_seconds(least_bound);
}

sweep::SearchResult Plan::search(const PlanLayouts& layouts, std::map<std::uint64_t, report::Result>& results) const {
  std::mutex mutex;
  Progress looking(output.progress, output.quiet, file + ": looking"), running(output.progress, output.quiet, file);
  sweep::SearchOptions options = this->options();
  options.candidates = layouts.count();
  options.progress = [&](const sweep::SearchResult& found, std::optional<double> least_bound) {
    if (!least_bound) return looking.step(found.looked_at, options.candidates, "");
    const bool enough = found.best.size() == options.top;
    running(enough ? *least_bound / found.best.back().value : 0, how_far(found, *least_bound));
  };
  sweep::Candidates candidates;
  candidates.look = [&](std::uint64_t i) { return layouts.look(i); };
  candidates.look_closer = [&](std::uint64_t i) { return layouts.look_closer(i); };
  candidates.work_out = [&](std::uint64_t i) -> std::optional<double> {
    std::optional<report::Result> result = layouts.work_out(i);
    if (!result) return std::nullopt;
    const double step = result->step_time.seconds();
    const std::lock_guard lock(mutex);
    results.emplace(i, std::move(*result));
    return step;
  };
  return sweep::search(options, candidates);
}

int Plan::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors());
  if (const int status = refuse_kept(); status != kDone) return status;
  if (const int status = read_tokens(); status != kDone) return status;
  const bool by_layers = std::find(also.begin(), also.end(), "layout.by_layers") != also.end();
  const std::optional<std::string> solver = sweep::find_solver();
  if (by_layers && !solver) {
    complain("--search layout.by_layers needs the solver cbc (Debian: coinor-cbc); $ORRERY_CBC may say where it is");
    return kMissing;
  }
  const DocumentCache presets;
  Progress choosing(output.progress, output.quiet, file + ": choosing for every layer");
  PlanLayouts layouts({file, *overrides, keep, also, any_memory, options(), solver.value_or(""),
                       [&](std::size_t done, std::size_t of) { choosing.step(done, of, ""); }});
  const Result<models::Scenario> read = layouts.list();
  if (!read) return report(read.errors());

  std::map<std::uint64_t, report::Result> results;
  const sweep::SearchResult found = search(layouts, results);
  report::PlanReport plan{*read, layouts.combinations(), layouts.count(), found, {}, {}, {}, training_tokens, price};
  for (const sweep::Found& one : found.best) {
    plan.results.push_back(std::move(results.at(one.candidate)));
    std::string sets;
    PlanLayouts::Told told = layouts.told(one.candidate);
    for (const models::Override& o : told.set) sets += (sets.empty() ? "" : " ") + o.path + "=" + o.value;
    plan.settings.push_back(sets);
    plan.without.push_back(std::move(told.without));
  }
  return show(plan);
}

int Plan::show(const report::PlanReport& plan) const {
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::plan_json(plan)
                                           : with_headings(report::plan_text(plan), output.color, output.path));
  if (!out.finish()) return kInputOutput;
  if (plan.search.stopped)
    return complain(plan.results.empty() ? "interrupted" : "interrupted: the best so far"), kInterrupted;
  return plan.results.empty() ? kInfeasible : kDone;
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  auto command = std::make_shared<Plan>();
  CLI::App& sub = *app.add_subcommand("plan", "The fastest layout that fits, and why the runners-up lost");
  sub.add_option("FILE", command->file, "Scenario: its model, cluster and training; its layout is searched anew")
      ->required();
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json"});
  sub.add_option("--keep", command->keep, "A key that stays as the file has it, as layout.tp; one of --set stays too")
      ->option_text("KEY");
  one_of(sub.add_option("--search", command->also, "Search this key too; may be given again")->allow_extra_args(false),
         sweep::searched_on_request());
  sub.add_option("--top", command->top, "How many layouts to tell (default: 10)")
      ->option_text("N")
      ->check(CLI::Range(1, 1000));
  add_jobs(sub, command->jobs);
  CLI::Option* tokens = sub.add_option("--tokens", command->tokens, "Tokens to train on, as 15T: days, GPU-hours");
  tokens->option_text("N");
  sub.add_option("--price", command->price, "Of a GPU-hour: what that costs")
      ->option_text("MONEY")
      ->check(CLI::Validator(refuse_price, ""))
      ->needs(tokens);
  sub.add_flag("--any-memory", command->any_memory, "Layouts that do not fit, too");
  sub.footer(
      "Examples:\n"
      "  orrery plan scenarios/llama-3.1-70b-64-h100.yaml --tokens 2T --price 2.5\n"
      "  orrery plan my.yaml --set layout.tp=8 --keep training.recompute --search layout.order");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
