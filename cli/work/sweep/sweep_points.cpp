#include "cli/work/sweep/sweep_points.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/console/utc.h"
#include "cli/work/pipeline.h"
#include "cli/work/sweep/common_faults.h"
#include "models/compile/outline/outline.h"
#include "models/run/jobs.h"
#include "report/result.h"
#include "report/text.h"
#include "report/will_fit.h"
#include "sim/base/read/suggest.h"
#include "sim/bound/least_step.h"
#include "sweep/variables.h"
#include "sweep/version.h"

namespace orrery::cli {
namespace {

using sweep::Expression;
using sweep::Outcome;
using sweep::Status;

bool is_outcome(std::string_view name) {
  const std::vector<std::string> names = sweep::outcome_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Conditions on the outcome are asked after the run, the others spare it.
bool needs_run(const Expression& condition) {
  return std::any_of(condition.names().begin(), condition.names().end(),
                     [](const std::string& name) { return is_outcome(name); });
}

const Node* at_path(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node != nullptr && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    node = node->find(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return node;
}

Outcome infeasible(std::string reason) {
  Outcome outcome;
  outcome.status = Status::infeasible;
  outcome.reason = std::move(reason);
  return outcome;
}

// One line, without places in the file: a reason is counted over points.
std::string reason_of(const Errors& errors, const std::string& file) {
  std::string what = errors.empty() ? "unknown" : errors.front().what;
  std::replace(what.begin(), what.end(), '\n', ' ');
  for (std::size_t at = what.find(" (" + file + ":"); at != std::string::npos; at = what.find(" (" + file + ":"))
    what.erase(at, std::min(what.find(')', at), what.size() - 1) + 1 - at);
  return what;
}

std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return quoted + "\"";
}

std::string json_value(const std::string& text) {
  const sweep::Value value = sweep::value_of(text);
  return std::holds_alternative<std::string>(value) ? json_text(std::get<std::string>(value)) : sweep::describe(value);
}

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

}  // namespace

Result<SweepPoints> SweepPoints::read(const std::string& file, const std::vector<models::Override>& overrides) {
  Result<Node> root = read_document(file);
  if (!root) return std::move(root).errors();
  Result<Node> set = models::with_overrides(std::move(*root), overrides);
  if (!set) return std::move(set).errors();
  SweepPoints points;
  points.file_ = file;
  points.sweep_digest_ = sweep::to_hex(sweep::key_of(flow_text(*set, true)));
  Result<sweep::Space> space = sweep::Space::take_from(*set);
  if (!space) return std::move(space).errors();
  points.space_ = std::move(*space);
  Result<SweepScenarios> scenarios = SweepScenarios::read(file, std::move(*set), points.space_);
  if (!scenarios) return std::move(scenarios).errors();
  points.scenarios_ = std::move(*scenarios);
  points.data_ = points.scenarios_.data_version(points.space_);
  Errors errors = points.check_everywhere();
  for (Error& error : points.check_names()) errors.push_back(std::move(error));
  if (!errors.empty()) return errors;
  return points;
}

bool SweepPoints::is_written(std::string_view path) const {
  return std::any_of(scenarios_.all().begin(), scenarios_.all().end(),
                     [&](const SweepScenarios::Base& base) { return at_path(base.root, path) != nullptr; });
}

// Names in conditions that stand for nothing.
Errors SweepPoints::check_names() const {
  std::vector<std::string> known = sweep::scenario_names();
  for (const std::string& name : sweep::outcome_names()) known.push_back(name);
  for (const sweep::Axis& axis : space_.axes()) known.push_back(axis.path);
  Errors errors;
  for (const Expression& condition : space_.where())
    for (const std::string& name : condition.names())
      if (std::find(known.begin(), known.end(), name) == known.end() && !is_written(name))
        errors.push_back({condition.where(), "'" + name + "' in '" + condition.text() + "' stands for nothing" +
                                                 did_you_mean(name, known)});
  return errors;
}

// A fault of the file itself shows at every point. It is told once, before anything runs.
Errors SweepPoints::check_everywhere() const {
  return common_faults(space_, [&](std::uint64_t point) {
    const SweepScenarios::Base& base = scenarios_.of(space_, point);
    const auto read = models::read_scenario(base.root, base.file, SweepScenarios::overrides(space_, point));
    return read ? Errors{} : read.errors();
  });
}

sweep::Meta SweepPoints::meta(std::uint32_t shard, std::uint32_t shards) const {
  sweep::Meta meta;
  meta.engine = ORRERY_VERSION;
  meta.data = data_;
  meta.sweep = sweep_digest_;
  meta.file = file_;
  meta.points = space_.size();
  meta.shard = shard;
  meta.shards = shards;
  for (const sweep::Axis& axis : space_.axes()) meta.axes.push_back(axis.path);
  return meta;
}

std::vector<std::uint64_t> SweepPoints::of_shard(std::uint32_t shard, std::uint32_t shards) const {
  std::vector<std::uint64_t> points;
  for (std::uint64_t i = shard; i < space_.size(); i += shards) points.push_back(i);
  return points;
}

std::string SweepPoints::config_of(std::uint64_t point) const {
  std::string json;
  for (std::size_t a = 0; a < space_.axes().size(); ++a)
    json += (json.empty() ? "" : ", ") + json_text(space_.axes()[a].path) + ": " + json_value(space_.value(point, a));
  return "{" + json + "}";
}

sweep::Row SweepPoints::evaluate(std::uint64_t point, const PointTools& tools) const {
  const auto begin = std::chrono::steady_clock::now();
  sweep::Row row;
  row.index = point;
  row.config = config_of(point);
  const SweepScenarios::Base& base = scenarios_.of(space_, point);
  Result<Node> tree = models::with_overrides(base.root, SweepScenarios::overrides(space_, point));
  if (tree) {
    // Two points may come to one scenario (where a swept key lies inside another); each keeps its row.
    row.key = sweep::key_of(flow_text(*tree, true) + '\n' + row.config + '\n' + data_ + '\n' + ORRERY_VERSION);
    row.outcome = outcome_of(std::move(*tree), point, tools);
  } else {
    row.key = sweep::key_of(sweep_digest_ + row.config);
    row.outcome = infeasible(reason_of(tree.errors(), base.file));
  }
  row.outcome.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  row.finished_at = now_utc();
  return row;
}

std::optional<std::string> SweepPoints::ruled_out(const Expression& condition, const sweep::Lookup& lookup) const {
  const Result<bool> holds = condition.holds(lookup);
  if (!holds) return reason_of(holds.errors(), file_);
  if (*holds) return std::nullopt;
  return "not (" + condition.text() + ")";
}

sweep::Outcome SweepPoints::outcome_of(Node tree, std::uint64_t point, const PointTools& tools) const {
  const bool is_asked = !space_.where().empty();
  const Node written = is_asked ? tree : Node();
  const std::string& file = scenarios_.of(space_, point).file;
  Result<models::Scenario> scenario = models::read_scenario(std::move(tree), file);
  if (!scenario) return infeasible(reason_of(scenario.errors(), file));
  Outcome outcome;
  const sweep::Lookup lookup = [&](std::string_view name) -> std::optional<sweep::Value> {
    if (auto value = sweep::scenario_value(*scenario, name)) return value;
    if (auto value = sweep::outcome_value(outcome, name)) return value;
    if (name == SweepScenarios::kAxis) return sweep::value_of(scenarios_.name(space_, point));
    const Node* node = at_path(written, name);
    if (node == nullptr) return std::nullopt;
    return sweep::value_of(flow_text(*node));
  };
  for (const Expression& condition : space_.where())
    if (!needs_run(condition))
      if (const auto why = ruled_out(condition, lookup)) return infeasible(*why);
  try {
    outcome = run(is_asked ? *scenario : std::move(*scenario), file, tools);
  } catch (const std::exception& e) {
    outcome.reason = "internal error at point " + std::to_string(point) + ": " + e.what();
    return outcome;
  }
  if (outcome.status != Status::ok) return outcome;
  for (const Expression& condition : space_.where())
    if (needs_run(condition))
      if (const auto why = ruled_out(condition, lookup)) return infeasible(*why);
  if (tools.best != nullptr) tools.best->add(outcome);
  return outcome;
}

// Amid the other jobs on its fabric.
sweep::Outcome SweepPoints::run_amid(models::Scenario scenario, const std::string& file, sweep::RunCap* cap) {
  const sweep::RunCap::Run capped(cap);
  models::JobsOptions options;
  options.only_main = true;
  options.simulate.stop = &capped.flag();
  const Result<models::JobsRun> run = models::run_jobs(std::move(scenario), options);
  if (!run) return infeasible(reason_of(run.errors(), file));
  if (run->simulated.classes.interrupted) return timed_out(*cap);
  return outcome_of_run({run->main.scenario, run->main.compiled, run->simulated.ranks, run->ranks_simulated, 0});
}

sweep::Outcome SweepPoints::run(models::Scenario scenario, const std::string& file, const PointTools& tools) {
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
