#include "cli/work/plan/plan_layouts.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <string_view>

#include "cli/work/pipeline.h"
#include "cli/work/plan/restated.h"
#include "models/compile/outline/outline.h"
#include "report/text.h"
#include "report/will_fit.h"
#include "sim/bound/least_step.h"
#include "sweep/plan/axes.h"
#include "sweep/plan/layouts.h"

namespace orrery::cli {
namespace {

// What a search replaces, and would contradict where the file says it too.
constexpr const char* kDerived[] = {"pipeline.stage_layers", "pipeline.stage_replicas", "pipeline.group",
                                    "pipeline.schedule",     "pipeline.virtual_stages", "layout.sequence_parallel"};

constexpr const char *kReplicas = "layout.dp", *kSchedule = "pipeline.schedule";
constexpr const char *kNodes = "cluster.nodes", *kGpus = "cluster.gpus";
constexpr const char* kDealt = "pipeline.stage_layers";
constexpr const char* kByLayers = "layout.by_layers";

// One line, the numbers made alike, so that reasons can be counted.
std::string reason_of(const Errors& errors) {
  return report::without_numbers(errors.empty() ? "unknown" : errors.front().what);
}

void give_room(const Room& room, topology::GpuSpec& gpu) {
  gpu.memory = std::min(Bytes{gpu.memory.n * room.percent / 100}, room.limit);
}

}  // namespace

std::string in_words(const Layout& layout) {
  std::string words;
  for (const models::Override& o : layout) words += (words.empty() ? "" : " ") + o.path + "=" + o.value;
  return words;
}

Result<models::Scenario> PlanLayouts::read(const Layout& layout) const {
  Result<models::Scenario> read = models::read_scenario(root_, scope_.file, layout);
  if (!read) return read;
  give_room(scope_.room, read->cluster.gpu);
  for (topology::NodeGroup& group : read->cluster.groups) give_room(scope_.room, group.gpu);
  return read;
}

// Asked for on top of the usual keys, and not said by the user.
bool PlanLayouts::is_searched(const char* key) const {
  return std::find(scope_.also.begin(), scope_.also.end(), key) != scope_.also.end() && !fixed_.contains(key);
}

void PlanLayouts::take_out(std::string_view path) {
  const std::size_t dot = path.find('.');
  for (Node::Entry& section : root_.entries) {
    if (section.key != path.substr(0, dot)) continue;
    const auto is_it = [&](const Node::Entry& entry) { return entry.key == path.substr(dot + 1); };
    if (std::erase_if(section.value.entries, is_it) > 0) taken_out_.emplace(path);
  }
}

void PlanLayouts::take_out_derived() {
  for (const char* path : kDerived)
    if (!fixed_.contains(path)) take_out(path);
}

Result<models::Scenario> PlanLayouts::open() {
  Result<Node> document = read_document(scope_.file);
  if (!document) return std::move(document).errors();
  Result<Node> root = models::with_overrides(std::move(*document), scope_.overrides);
  if (!root) return std::move(root).errors();
  root_ = std::move(*root);
  if (scope_.gpus) resize();
  fixed_.insert(scope_.keep.begin(), scope_.keep.end());
  for (const models::Override& over : scope_.overrides) fixed_.insert(over.path);
  if (fixed_.contains(kSchedule)) fixed_.insert("pipeline.virtual_stages");  // as many as suit it
  if (!fixed_.contains(kReplicas)) take_out(kReplicas);                      // they follow from what is set
  if (is_searched(kByLayers)) take_out(kByLayers);
  // As it is written, for what the model and the cluster are.
  Result<models::Scenario> read = this->read({});
  take_out_derived();
  if (!read)
    if (std::optional<models::Scenario> other = under_another_layout()) read = std::move(*other);
  return read;
}

Result<models::Scenario> PlanLayouts::list() {
  Result<models::Scenario> read = open();
  if (!read) return read;
  if (!read->jobs.empty())
    return Error{read->at("jobs"), "'jobs': this command looks at one scenario alone, for the best of its layouts",
                 Fault::unsupported};
  const std::vector<sweep::Axis> axes = sweep::layout_axes(*read, fixed_, {scope_.also.begin(), scope_.also.end()});
  for (const sweep::Axis& axis : axes) combinations_ *= axis.values.size();
  layouts_ = sweep::candidate_layouts(*read, axes, !fixed_.contains(kSchedule));
  if (is_searched(kDealt)) add_balanced();
  if (is_searched(kByLayers)) add_layered();
  too_large_.assign(layouts_.size(), 0);
  return read;
}

// The file says its size in nodes or in GPUs.
void PlanLayouts::resize() {
  take_out(kNodes);
  take_out(kGpus);
  Result<Node> resized = models::with_overrides(std::move(root_), {{kGpus, std::to_string(*scope_.gpus)}});
  if (resized) root_ = std::move(*resized);
}

// In the words of the file: as many nodes, where it counts them and they are whole.
void PlanLayouts::tell_size(const models::Scenario& scenario, Told& told) const {
  const topology::ClusterSpec& cluster = scenario.cluster;
  const bool part_of_a_node = cluster.nodes == 1 && cluster.gpus_per_node < cluster.physical_gpus_per_node;
  const bool in_nodes = taken_out_.contains(kNodes);
  if (in_nodes && !part_of_a_node)
    told.set.push_back({kNodes, std::to_string(cluster.nodes)});
  else
    told.set.push_back({kGpus, std::to_string(cluster.gpus())});
  if (in_nodes && part_of_a_node) told.without.emplace_back(kNodes);
}

// The layout that is written may be for another cluster, and the default one for a larger batch: what the
// model and the cluster are, any layout says that they can have. Of keys that are always searched, so that
// what the others are stands.
std::optional<models::Scenario> PlanLayouts::under_another_layout() const {
  constexpr int kWidest = 64, kDeepest = 1024;
  constexpr int kOdd[] = {1, 3, 5, 7};  // of the stages: clusters of three times so many nodes
  for (const int odd : kOdd)
    for (int tp = 1; tp <= kWidest; tp *= 2)
      for (int pp = odd; pp <= kDeepest; pp *= 2)
        if (auto read = this->read(plain_layout(tp, pp)); read.ok()) return std::move(read).value();
  return std::nullopt;
}

Layout PlanLayouts::plain_layout(int tp, int pp) const {
  Layout layout{
      {"layout.tp", std::to_string(tp)}, {"layout.pp", std::to_string(pp)}, {"layout.ep", "1"},
      {"training.micro_batch", "1"},     {"pipeline.virtual_stages", "1"},  {kSchedule, pp == 1 ? "none" : "1f1b"}};
  std::erase_if(layout, [&](const models::Override& o) { return fixed_.contains(o.path); });
  return layout;
}

PlanLayouts::Told PlanLayouts::told(std::uint64_t i) const {
  Told told{layouts_[i], {}};
  const Result<models::Scenario> read = this->read(layouts_[i]);
  if (!read) return told;
  if (scope_.gpus) tell_size(*read, told);
  for (const std::string& path : taken_out_) {
    if (path == kNodes || path == kGpus) continue;
    const bool is_set = std::any_of(told.set.begin(), told.set.end(), [&](const auto& o) { return o.path == path; });
    if (is_set) continue;
    if (const auto value = restated(path, *read))
      told.set.push_back({path, *value});
    else
      told.without.push_back(path);
  }
  return told;
}

sweep::Look PlanLayouts::look(std::uint64_t i) const {
  sweep::Look seen = glance_at(layouts_[i], scope_.room.any);
  too_large_[i] = seen.ruled_out == report::kDoesNotFit;
  return seen;
}

sweep::Look PlanLayouts::look_closer(std::uint64_t i) const {
  sweep::Look seen = look_at(layouts_[i], scope_.room.any);
  too_large_[i] = seen.ruled_out == report::kDoesNotFit;
  return seen;
}

// Without its programs.
sweep::Look PlanLayouts::glance_at(const Layout& layout, bool any_memory) const {
  const Result<models::Scenario> read = this->read(layout);
  if (!read) return {reason_of(read.errors()), 0};
  const Result<models::Outline> outline = models::outline(*read, any_memory);
  if (!outline) return {reason_of(outline.errors()), 0};
  if (!any_memory && outline->exceeds_memory) return {report::kDoesNotFit, 0};
  return {"", outline->step.seconds()};
}

sweep::Look PlanLayouts::look_at(const Layout& layout, bool any_memory) const {
  Result<models::Scenario> read = this->read(layout);
  if (!read) return {reason_of(read.errors()), 0};
  Result<models::Compiled> compiled = models::compile(*read, nullptr, models::Form::with_calls);
  if (!compiled) return {reason_of(compiled.errors()), 0};
  if (!any_memory && !report::will_fit(*read, *compiled)) return {report::kDoesNotFit, 0};
  const Prepared prepared = prepare(std::move(*read), std::move(*compiled));
  return {"", sim::least_step(prepared.workload()).seconds()};
}

std::optional<report::Result> PlanLayouts::work_out(std::uint64_t i) const {
  std::optional<report::Result> result = run(layouts_[i]);
  too_large_[i] = !result;  // what cannot be compiled was ruled out before
  return result;
}

PlanLayouts::Best PlanLayouts::best(sweep::SearchOptions options, const std::vector<std::uint64_t>& of) const {
  std::mutex mutex;
  std::map<std::uint64_t, report::Result> results;
  sweep::Candidates candidates;
  candidates.look = [&](std::uint64_t i) { return look(of[i]); };
  candidates.look_closer = [&](std::uint64_t i) { return look_closer(of[i]); };
  candidates.work_out = [&](std::uint64_t i) -> std::optional<double> {
    std::optional<report::Result> result = work_out(of[i]);
    if (!result) return std::nullopt;
    const double step = result->step_time.seconds();
    const std::lock_guard lock(mutex);
    results.emplace(i, std::move(*result));
    return step;
  };
  options.candidates = of.size();
  Best best{sweep::search(options, candidates), {}};
  for (sweep::Found& one : best.search.best) {
    best.results.push_back(std::move(results.at(one.candidate)));
    one.candidate = of[one.candidate];
  }
  return best;
}

PlanLayouts::Best PlanLayouts::best(const sweep::SearchOptions& options) const {
  std::vector<std::uint64_t> all(layouts_.size());
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  return best(options, all);
}

std::vector<std::uint64_t> PlanLayouts::too_large() const {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < too_large_.size(); ++i)
    if (too_large_[i] != 0) all.push_back(i);
  return all;
}

PlanLayouts PlanLayouts::in(const Room& room) const {
  PlanLayouts other = *this;
  other.scope_.room = room;
  return other;
}

std::optional<report::Result> PlanLayouts::run(const Layout& layout) const {
  Result<models::Scenario> read = this->read(layout);
  if (!read) return std::nullopt;
  Result<models::Compiled> compiled = models::compile(*read, nullptr, models::Form::with_calls);
  if (!compiled) return std::nullopt;
  const Prepared prepared = prepare(std::move(*read), std::move(*compiled));
  const Simulated simulated = simulate(prepared);
  throw_if_stuck(simulated);
  report::Result result =
      report::make_result({prepared.scenario, prepared.compiled, simulated.ranks, prepared.workload().ranks(), 0});
  if (!result.memory.fits && !scope_.room.any) return std::nullopt;
  return result;
}

}  // namespace orrery::cli
