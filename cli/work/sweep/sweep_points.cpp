#include "cli/work/sweep/sweep_points.h"

#include <algorithm>
#include <chrono>

#include "cli/console/utc.h"
#include "cli/work/sweep/common_faults.h"
#include "sim/base/read/suggest.h"
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
    outcome = run_point(is_asked ? *scenario : std::move(*scenario), file, tools);
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

}  // namespace orrery::cli
