#include "cli/work/plan/layer_choices.h"

#include <algorithm>
#include <map>

#include "models/layout/layer_degrees.h"
#include "models/run/layer_costs.h"
#include "models/run/run_scenario.h"
#include "report/will_fit.h"
#include "sweep/plan/solver.h"

namespace orrery::cli {
namespace {

using models::Override;
using models::Scenario;

constexpr int kSolverNodes = 500;  // some seconds; 2,000 find nothing better for 70B on 64 GPUs
constexpr const char *kRanges = "layout.by_layers", *kAgain = "training.recompute";

Layout with(Layout layout, const char* path, std::string value) {
  std::erase_if(layout, [&](const Override& o) { return o.path == path; });
  if (!value.empty()) layout.push_back({path, std::move(value)});
  return layout;
}

// Ranges of layers that have a degree other than the layout's, as layout.by_layers has them.
std::string ranges(const std::vector<int>& degrees, int usual) {
  std::string list;
  for (std::size_t first = 0, last; first < degrees.size(); first = last) {
    for (last = first; last < degrees.size() && degrees[last] == degrees[first];) ++last;
    if (degrees[first] == usual) continue;
    const models::LayerRange range{static_cast<int>(first), static_cast<int>(last) - 1, degrees[first]};
    list += (list.empty() ? "[" : ",") + std::string("{\"layers\":\"") + layers_text(range) +
            "\",\"tp\":" + std::to_string(range.tp) + "}";
  }
  return list.empty() ? "" : list + "]";
}

// One way for all layers, compiled.
struct Probe {
  models::LayerSeconds seconds;
  std::vector<double> bytes;  // [pipeline rank]: its allocator holds at most
};

class Probes {
 public:
  Probes(const Node& root, const std::string& file, Layout layout)
      : root_(root), file_(file), layout_(std::move(layout)) {}

  Result<Scenario> read(const Layout& layout) const { return models::read_scenario(root_, file_, layout); }

  std::optional<Probe> probe(const std::vector<int>& degrees, int usual, const char* recompute) const {
    Layout layout = with(layout_, kRanges, ranges(degrees, usual));
    if (recompute != nullptr) layout = with(std::move(layout), kAgain, recompute);
    const Result<Scenario> scenario = read(layout);
    if (!scenario) return std::nullopt;
    const Result<models::Compiled> compiled = models::compile(*scenario);
    if (!compiled) return std::nullopt;
    Probe probe{layer_seconds(*scenario, *compiled), {}};
    probe.bytes.resize(static_cast<std::size_t>(scenario->layout.pp));
    report::ReservedByProgram reserved(*scenario, *compiled);
    for (std::uint32_t p = 0; p < compiled->workload.programs.size(); ++p) {
      double& most = probe.bytes[static_cast<std::size_t>(compiled->stage_of_program[p])];
      most = std::max(most, static_cast<double>(reserved.of({p}).n));
    }
    return probe;
  }

 private:
  const Node& root_;
  const std::string& file_;
  Layout layout_;
};

std::vector<int> possible_degrees(const Scenario& s) {
  std::vector<int> degrees{s.layout.tp};
  for (int degree = s.layout.tp / 2; degree >= 1 && s.layout.tp % degree == 0; degree /= 2)
    if (s.training.micro_batch % (s.layout.tp / degree) == 0) degrees.push_back(degree);
  return degrees;
}

// What of a GPU is left to what its programs allocate; the least where GPUs differ.
double room(const Scenario& s) {
  double least = 0;
  for (int kind = 0; kind < s.cluster.kinds(); ++kind) {
    const double here = static_cast<double>(s.cluster.gpu_of(kind).memory.n - s.software.runtime.n);
    least = kind == 0 ? here : std::min(least, here);
  }
  return least;
}

// The problem, filled in from probes.
class Builder {
 public:
  Builder(const Probes& probes, const Scenario& scenario, bool recompute)
      : probes_(probes), scenario_(scenario), plain_(recompute ? "none" : nullptr) {
    problem_.degree = scenario.layout.tp;
    for (std::size_t stage = 0; stage < scenario.pipeline.stage_layers.size(); ++stage)
      for (int i = 0; i < scenario.pipeline.stage_layers[stage]; ++i)
        problem_.rank.push_back(static_cast<int>(stage) % scenario.layout.pp);
    problem_.seconds.resize(problem_.layers());
    problem_.bytes.resize(problem_.layers());
    // How allocators fill up depends on the order of what they are asked for.
    constexpr double kSafe = 0.99;
    problem_.limit.assign(static_cast<std::size_t>(scenario.layout.pp), kSafe * room(scenario));
  }

  // False where there is nothing to choose from.
  bool build() {
    for (const int degree : possible_degrees(scenario_))
      for (const bool recomputed : {false, true}) {
        if (recomputed && plain_ == nullptr) continue;
        if (const auto probe = probes_.probe(all(degree), scenario_.layout.tp, recomputed ? "full" : plain_))
          add({degree, recomputed}, *probe);
      }
    if (problem_.ways.size() < 2) return false;
    add_changes();
    return true;
  }

  const sweep::LayerChoiceProblem& problem() const { return problem_; }

 private:
  std::vector<int> all(int degree) const { return std::vector<int>(problem_.layers(), degree); }

  // A rank's memory is shared out among its layers: a mixture holds what its layers hold in their ways.
  void add(const sweep::LayerWay& way, const Probe& probe) {
    std::vector<int> of_rank(problem_.ranks(), 0);
    for (const int rank : problem_.rank) ++of_rank[static_cast<std::size_t>(rank)];
    for (std::size_t l = 0; l < problem_.layers(); ++l) {
      const auto rank = static_cast<std::size_t>(problem_.rank[l]);
      problem_.seconds[l].push_back(probe.seconds.layers[l]);
      problem_.bytes[l].push_back(probe.bytes[rank] / of_rank[rank]);
    }
    if (problem_.ways.empty()) problem_.fixed_seconds = probe.seconds.others;
    problem_.ways.push_back(way);
  }

  // Layers that alternate take longer than layers that do not.
  void add_changes() {
    const std::size_t ways = problem_.ways.size();
    problem_.change.assign(ways, std::vector<double>(ways, 0));
    std::map<std::pair<int, int>, double> known;
    for (std::size_t a = 0; a < ways; ++a)
      for (std::size_t b = 0; b < ways; ++b) {
        const int before = problem_.ways[a].degree, degree = problem_.ways[b].degree;
        if (before == degree) continue;
        const auto [at, is_new] = known.try_emplace({before, degree}, 0);
        if (is_new) at->second = change(before, degree);
        problem_.change[a][b] = at->second;
      }
  }

  double change(int before, int degree) const {
    std::vector<int> degrees = all(before);
    for (std::size_t l = 1; l < degrees.size(); l += 2) degrees[l] = degree;
    const auto mixed = probes_.probe(degrees, scenario_.layout.tp, plain_);
    const auto way = std::find_if(problem_.ways.begin(), problem_.ways.end(),
                                  [&](const sweep::LayerWay& w) { return w.degree == degree && !w.recomputed; });
    if (!mixed || way == problem_.ways.end() || degrees.size() < 2) return 0;
    return std::max(
        0.0, mixed->seconds.layers[1] - problem_.seconds[1][static_cast<std::size_t>(way - problem_.ways.begin())]);
  }

  const Probes& probes_;
  const Scenario& scenario_;
  const char* plain_;  // what layers recompute that are not recomputed whole; null: what the scenario says
  sweep::LayerChoiceProblem problem_;
};

}  // namespace

std::optional<Layout> LayerChoices::choose(const Layout& layout) const {
  const Probes probes(root_, file_, layout);
  const Result<Scenario> scenario = probes.read(layout);
  if (!scenario || !scenario->model.table.empty()) return std::nullopt;
  Builder builder(probes, *scenario, recompute_);
  if (!builder.build()) return std::nullopt;
  const sweep::LayerChoiceProblem& problem = builder.problem();
  const auto text = sweep::solve(solver_, sweep::integer_program(problem), kSolverNodes);
  const auto choice = text ? sweep::read_solution(problem, *text) : std::nullopt;
  if (!choice) return std::nullopt;

  std::vector<int> degrees;
  for (const std::size_t way : *choice) degrees.push_back(problem.ways[way].degree);
  const std::string by_layers = ranges(degrees, scenario->layout.tp);
  const int again = *recomputed_of_each_rank(problem, *choice);
  const bool whole =
      std::all_of(choice->begin(), choice->end(), [&](std::size_t w) { return problem.ways[w].recomputed; });
  if (by_layers.empty() && (again == 0 || whole)) return std::nullopt;
  Layout chosen = with(layout, kRanges, by_layers);
  if (!recompute_) return chosen;
  return with(std::move(chosen), kAgain,
              again == 0 ? "none"
              : whole    ? "full"
                         : "{\"full_layers\":" + std::to_string(again) + "}");
}

}  // namespace orrery::cli
