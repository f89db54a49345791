// Layouts that follow from others: the deal of layers that suits a pipeline, a choice for every layer.
#include "cli/work/plan/plan_layouts.h"
#include "models/compile/outline/outline.h"
#include "models/compile/pipeline/balanced_stages.h"
#include "report/will_fit.h"

namespace orrery::cli {
namespace {

constexpr const char *kStageLayers = "pipeline.stage_layers", *kRecompute = "training.recompute";
constexpr std::size_t kLayeredLayouts = 8;  // that layer by layer choices are made for

// The same layout with everything recomputed; none if it recomputes something already. What is
// recomputed as the file says stays as it is.
std::optional<Layout> recomputing_all(Layout layout) {
  for (models::Override& o : layout) {
    if (o.path != kRecompute) continue;
    if (o.value != "none") return std::nullopt;
    o.value = "full";
  }
  return layout;
}

}  // namespace

// Of every pipeline also the one whose layers are dealt by what its stages take.
void PlanLayouts::add_balanced() {
  const std::size_t dealt_evenly = layouts_.size();
  for (std::size_t i = 0; i < dealt_evenly; ++i) {
    const Result<models::Scenario> read = this->read(layouts_[i]);
    if (!read || read->layout.pp == 1 || !read->model.table.empty()) continue;
    const auto model = models::cost_models(read->cluster, read->software);
    models::KernelTable kernels(model);
    const std::vector<int> layers = models::balanced_stages(*read, kernels);
    if (layers.empty() || layers == read->pipeline.stage_layers) continue;
    std::string list;
    for (const int n : layers) list += (list.empty() ? "[" : ",") + std::to_string(n);
    layouts_.push_back(layouts_[i]);
    layouts_.back().push_back({kStageLayers, list + "]"});
  }
  combinations_ += layouts_.size() - dealt_evenly;
}

// Of the quickest layouts, were there memory enough, also one with a choice for every layer.
void PlanLayouts::add_layered() {
  const bool recompute = !fixed_.contains(kRecompute);
  const std::vector<std::uint64_t> quickest = quickest_bases(recompute);
  const LayerChoices choices(root_, scope_.file, scope_.solver, recompute);
  for (std::size_t i = 0; i < quickest.size() && !*scope_.search.stop; ++i) {
    if (scope_.choosing) scope_.choosing(i, quickest.size());
    auto chosen = choices.choose(layouts_[quickest[i]]);
    if (!chosen) continue;
    layouts_.push_back(std::move(*chosen));
    ++combinations_;
  }
}

// Of the layouts that recompute nothing those with the least bounds that would fit if they recomputed
// everything; of what recomputes as the file says, those with the least bounds.
std::vector<std::uint64_t> PlanLayouts::quickest_bases(bool recompute) const {
  std::vector<double> bounds(layouts_.size());
  sweep::Candidates bases;
  bases.look = [&](std::uint64_t i) {
    return recomputing_all(layouts_[i]) ? glance_at(layouts_[i], true) : sweep::Look{"recomputes", 0};
  };
  bases.look_closer = [&](std::uint64_t i) {
    if (recompute && !scope_.room.any && !fits(*recomputing_all(layouts_[i]))) return sweep::Look{"does not fit", 0};
    sweep::Look seen = look_at(layouts_[i], true);
    bounds[i] = seen.bound;
    return seen;
  };
  bases.work_out = [&](std::uint64_t i) { return std::optional(bounds[i]); };
  sweep::SearchOptions by_bound = scope_.search;
  by_bound.candidates = layouts_.size();
  by_bound.top = kLayeredLayouts;
  std::vector<std::uint64_t> quickest;
  for (const sweep::Found& one : sweep::search(by_bound, bases).best) quickest.push_back(one.candidate);
  return quickest;
}

bool PlanLayouts::fits(const Layout& layout) const {
  const Result<models::Scenario> read = this->read(layout);
  if (!read) return false;
  const Result<models::Outline> outline = models::outline(*read);
  if (!outline || outline->exceeds_memory) return false;
  const Result<models::Compiled> compiled = models::compile(*read, nullptr, models::Form::with_calls);
  return compiled && report::will_fit(*read, *compiled);
}

}  // namespace orrery::cli
