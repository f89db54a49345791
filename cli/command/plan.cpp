#include "report/plan.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/work/layer_choices.h"
#include "cli/work/pipeline.h"
#include "models/compile/pipeline/balanced_stages.h"
#include "models/memory/allocation_replay.h"
#include "report/text.h"
#include "sim/base/quantity.h"
#include "sim/bound/least_step.h"
#include "sweep/plan/layouts.h"
#include "sweep/plan/search.h"
#include "sweep/plan/solver.h"

namespace orrery::cli {
namespace {

// What a search replaces, and would contradict where the file says it too.
constexpr const char* kDerived[] = {"pipeline.stage_layers", "pipeline.group", "pipeline.schedule",
                                    "pipeline.virtual_stages", "layout.sequence_parallel"};

constexpr const char* kReplicas = "layout.dp";
constexpr const char* kDealt = "pipeline.stage_layers";
constexpr const char *kByLayers = "layout.by_layers", *kRecompute = "training.recompute";
constexpr std::size_t kLayeredLayouts = 8;  // that layer by layer choices are made for

void take_out(Node& root, std::string_view path) {
  const std::size_t dot = path.find('.');
  for (Node::Entry& section : root.entries)
    if (section.key == path.substr(0, dot))
      std::erase_if(section.value.entries, [&](const Node::Entry& e) { return e.key == path.substr(dot + 1); });
}

// One line, the numbers made alike, so that reasons can be counted.
std::string reason_of(const Errors& errors) {
  return report::without_numbers(errors.empty() ? "unknown" : errors.front().what);
}

struct Plan {
  std::string file, tokens;
  ScenarioOptions scenario;
  OutputOptions output;
  std::vector<std::string> keep, also;
  std::size_t top = 10;
  int jobs = 0;
  double price = 0;
  bool any_memory = false;

  int run();

 private:
  Result<models::Scenario> base();
  bool asked_for(const char* key) const { return std::find(also.begin(), also.end(), key) != also.end(); }
  void add_balanced();
  void add_layered(const std::string& solver, bool recompute);
  std::vector<std::uint64_t> quickest_bases(bool recompute) const;
  std::optional<double> bound(const std::vector<models::Override>& layout) const;
  bool fits(const std::vector<models::Override>& layout) const;
  sweep::SearchOptions options() const;
  sweep::Look look(std::uint64_t candidate) const;
  std::optional<report::Result> work_out(std::uint64_t candidate) const;
  Result<models::Scenario> read(const std::vector<models::Override>& layout) const {
    return models::read_scenario(root_, file, layout);
  }
  Result<models::Scenario> read(std::uint64_t candidate) const { return read(layouts_[candidate]); }
  int show(const sweep::SearchResult& found, const models::Scenario& scenario);

  Node root_;
  std::optional<std::string> solver_;  // of the choice for every layer
  std::vector<std::vector<models::Override>> layouts_;
  std::uint64_t combinations_ = 1;
};

// The scenario with its keys that are searched left to the search.
Result<models::Scenario> Plan::base() {
  const auto overrides = scenario.overrides();
  if (!overrides) return overrides.errors();
  Result<Node> document = read_document(file);
  if (!document) return std::move(document).errors();
  Result<Node> root = models::with_overrides(std::move(*document), *overrides);
  if (!root) return std::move(root).errors();
  root_ = std::move(*root);
  std::set<std::string> fixed(keep.begin(), keep.end());
  for (const models::Override& over : *overrides) fixed.insert(over.path);
  if (!fixed.contains(kReplicas)) take_out(root_, kReplicas);  // they follow from what is set
  if (asked_for(kByLayers) && !fixed.contains(kByLayers)) take_out(root_, kByLayers);
  // As it is written, for what the model and the cluster are.
  Result<models::Scenario> read = models::read_scenario(root_, file);
  if (!read) return read;
  for (const char* path : kDerived)
    if (!fixed.contains(path)) take_out(root_, path);
  const std::vector<sweep::Axis> axes = sweep::layout_axes(*read, fixed, {also.begin(), also.end()});
  for (const sweep::Axis& axis : axes) combinations_ *= axis.values.size();
  layouts_ = sweep::candidate_layouts(*read, axes);
  if (asked_for(kDealt) && !fixed.contains(kDealt)) add_balanced();
  if (asked_for(kByLayers) && !fixed.contains(kByLayers)) add_layered(*solver_, !fixed.contains(kRecompute));
  return read;
}

// Of every pipeline also the one whose layers are dealt by what its stages take.
void Plan::add_balanced() {
  const std::size_t dealt_evenly = layouts_.size();
  for (std::size_t i = 0; i < dealt_evenly; ++i) {
    const Result<models::Scenario> read = this->read(i);
    if (!read || read->layout.pp == 1 || !read->model.table.empty()) continue;
    const auto model = models::cost_models(read->cluster, read->software);
    models::KernelTable kernels(model);
    const std::vector<int> layers = models::balanced_stages(*read, kernels);
    if (layers.empty() || layers == read->pipeline.stage_layers) continue;
    std::string list;
    for (const int n : layers) list += (list.empty() ? "[" : ",") + std::to_string(n);
    layouts_.push_back(layouts_[i]);
    layouts_.back().push_back({kDealt, list + "]"});
  }
  combinations_ += layouts_.size() - dealt_evenly;
}

// Of the quickest layouts, were there memory enough, also one with a choice for every layer.
void Plan::add_layered(const std::string& solver, bool recompute) {
  const std::vector<std::uint64_t> quickest = quickest_bases(recompute);
  const LayerChoices choices(root_, file, solver, recompute);
  Progress choosing(output.progress, output.quiet, file + ": choosing for every layer");
  for (std::size_t i = 0; i < quickest.size() && !stop_on_interrupt(); ++i) {
    choosing.step(i, quickest.size(), "");
    auto chosen = choices.choose(layouts_[quickest[i]]);
    if (!chosen) continue;
    layouts_.push_back(std::move(*chosen));
    ++combinations_;
  }
}

// Of the layouts that recompute nothing those with the least bounds that would fit if they recomputed
// everything; of what recomputes as the file says, those with the least bounds.
std::vector<std::uint64_t> Plan::quickest_bases(bool recompute) const {
  const auto look = [&](std::uint64_t i) -> sweep::Look {
    std::vector<models::Override> all = layouts_[i];
    for (models::Override& o : all) {
      if (o.path != kRecompute) continue;
      if (o.value != "none") return {"recomputes", 0};
      o.value = "full";
    }
    if (recompute && !any_memory && !fits(all)) return {"does not fit", 0};
    const std::optional<double> least = bound(layouts_[i]);
    return least ? sweep::Look{"", *least} : sweep::Look{"contradicts itself", 0};
  };
  std::vector<double> bounds(layouts_.size());
  sweep::SearchOptions by_bound = options();
  by_bound.top = kLayeredLayouts;
  const sweep::SearchResult found = sweep::search(
      by_bound,
      [&](std::uint64_t i) {
        sweep::Look seen = look(i);
        bounds[i] = seen.bound;
        return seen;
      },
      [&](std::uint64_t i) { return std::optional(bounds[i]); });
  std::vector<std::uint64_t> quickest;
  for (const sweep::Found& one : found.best) quickest.push_back(one.candidate);
  return quickest;
}

std::optional<double> Plan::bound(const std::vector<models::Override>& layout) const {
  Result<models::Scenario> read = this->read(layout);
  if (!read) return std::nullopt;
  Result<models::Compiled> compiled = models::compile(*read);
  if (!compiled) return std::nullopt;
  return sim::least_step(prepare(std::move(*read), std::move(*compiled)).workload()).seconds();
}

bool Plan::fits(const std::vector<models::Override>& layout) const {
  const Result<models::Scenario> read = this->read(layout);
  if (!read) return false;
  const Result<models::Compiled> compiled = models::compile(*read);
  return compiled && report::will_fit(*read, *compiled);
}

sweep::SearchOptions Plan::options() const {
  sweep::SearchOptions options;
  options.candidates = layouts_.size();
  options.top = top;
  options.threads = jobs > 0 ? jobs : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.stop = &stop_on_interrupt();
  return options;
}

sweep::Look Plan::look(std::uint64_t candidate) const {
  Result<models::Scenario> read = this->read(candidate);
  if (!read) return {reason_of(read.errors()), 0};
  Result<models::Compiled> compiled = models::compile(*read);
  if (!compiled) return {reason_of(compiled.errors()), 0};
  if (!any_memory && !report::will_fit(*read, *compiled)) return {"does not fit into memory", 0};
  const Prepared prepared = prepare(std::move(*read), std::move(*compiled));
  return {"", sim::least_step(prepared.workload()).seconds()};
}

std::optional<report::Result> Plan::work_out(std::uint64_t candidate) const {
  Result<models::Scenario> read = this->read(candidate);
  if (!read) return std::nullopt;
  Result<models::Compiled> compiled = models::compile(*read);
  if (!compiled) return std::nullopt;
  const Prepared prepared = prepare(std::move(*read), std::move(*compiled));
  const Simulated simulated = simulate(prepared);
  throw_if_stuck(simulated);
  report::Result result =
      report::make_result({prepared.scenario, prepared.compiled, simulated.ranks, prepared.workload().ranks(), 0});
  if (!result.memory.fits && !any_memory) return std::nullopt;
  return result;
}

int Plan::run() {
  solver_ = sweep::find_solver();
  if (asked_for(kByLayers) && !solver_)
    return complain(
               "--search layout.by_layers needs the solver cbc (Debian: coinor-cbc); $ORRERY_CBC may say where it is"),
           kMissing;
  const DocumentCache presets;
  const Result<models::Scenario> read = base();
  if (!read) return report(read.errors());

  std::mutex mutex;
  std::map<std::uint64_t, report::Result> results;
  Progress looking(output.progress, output.quiet, file + ": looking"),
      running(output.progress, output.quiet, file + ": running");
  sweep::SearchOptions options = this->options();
  options.progress = [&](std::uint64_t done, std::uint64_t of, bool is_looking) {
    (is_looking ? looking : running).step(done, of, "");
  };
  const sweep::SearchResult found = sweep::search(
      options, [&](std::uint64_t i) { return look(i); },
      [&](std::uint64_t i) -> std::optional<double> {
        std::optional<report::Result> result = work_out(i);
        if (!result) return std::nullopt;
        const double step = result->step_time.seconds();
        const std::lock_guard lock(mutex);
        results.emplace(i, std::move(*result));
        return step;
      });

  report::PlanReport plan{*read, combinations_, layouts_.size(), found, {}, {}, 0, price};
  for (const sweep::Found& one : found.best) {
    plan.results.push_back(std::move(results.at(one.candidate)));
    std::string sets;
    for (const models::Override& o : layouts_[one.candidate])
      sets += (sets.empty() ? "" : " ") + o.path + "=" + o.value;
    plan.settings.push_back(sets);
  }
  if (!tokens.empty()) {
    const auto count = parse_count(tokens, {"--tokens", 0, 0});
    if (!count) return report(count.errors()), kUsage;
    plan.tokens = static_cast<double>(*count);
  }
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::plan_json(plan)
                                           : with_headings(report::plan_text(plan), output.color, output.path));
  if (!out.finish()) return kInputOutput;
  if (found.stopped) return complain("interrupted: the best so far"), kInterrupted;
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
  sub.add_option("-j,--jobs", command->jobs, "Threads (default: one a core)")->option_text("N");
  sub.add_option("--tokens", command->tokens, "Tokens to train on, as 15T: days, GPU-hours")->option_text("N");
  sub.add_option("--price", command->price, "Of a GPU-hour: what that costs")->option_text("MONEY");
  sub.add_flag("--any-memory", command->any_memory, "Layouts that do not fit, too");
  sub.footer(
      "Examples:\n"
      "  orrery plan scenarios/llama-3.1-70b-64-h100.yaml --tokens 2T --price 2.5\n"
      "  orrery plan my.yaml --set layout.tp=8 --keep training.recompute --search layout.order");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
