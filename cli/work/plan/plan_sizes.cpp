#include "cli/work/plan/plan_sizes.h"

#include <algorithm>

#include "cli/console/progress.h"
#include "cli/work/plan/plan_limits.h"
#include "report/text.h"

namespace orrery::cli {
namespace {

// Nobody knows how many layouts will have to be simulated; how near what is left may still come is known.
std::string how_far(const sweep::SearchResult& found, double least_bound) {
  std::string text =
      std::to_string(found.looked_closer) + " compiled, " + std::to_string(found.worked_out) + " simulated";
  if (!found.best.empty()) text += ", best " + report::human_seconds(found.best.front().value);
  return text + ", what is left takes at least " + report::human_seconds(least_bound);
}

// What there is to say of the best layouts.
report::PlanReport told(const PlanLayouts& layouts, PlanLayouts::Best best) {
  report::PlanReport plan;
  plan.combinations = layouts.combinations();
  plan.candidates = layouts.count();
  for (const sweep::Found& one : best.search.best) {
    PlanLayouts::Told told = layouts.told(one.candidate);
    plan.settings.push_back(in_words(told.set));
    plan.without.push_back(std::move(told.without));
  }
  plan.results = std::move(best.results);
  plan.search = std::move(best.search);
  return plan;
}

}  // namespace

report::PlanReport PlanSizes::found(const PlanLayouts& layouts, const std::string& about) const {
  Progress looking(telling_.progress, telling_.quiet, about + ": looking"),
      running(telling_.progress, telling_.quiet, about);
  sweep::SearchOptions options = scope_.search;
  options.progress = [&](const sweep::SearchResult& found, std::optional<double> least_bound) {
    if (!least_bound) return looking.step(found.looked_at, layouts.count(), "");
    const bool enough = found.best.size() == options.top;
    running(enough ? *least_bound / found.best.back().value : 0, how_far(found, *least_bound));
  };
  return told(layouts, layouts.best(options));
}

Result<report::PlanReport> PlanSizes::search_one(PlanScope scope, const std::string& about) {
  Progress choosing(telling_.progress, telling_.quiet, about + ": choosing for every layer");
  scope.choosing = [&](std::size_t done, std::size_t of) { choosing.step(done, of, ""); };
  layouts_.push_back(std::make_unique<PlanLayouts>(std::move(scope)));
  Result<models::Scenario> scenario = layouts_.back()->list();
  if (!scenario) return std::move(scenario).errors();
  report::PlanReport plan = found(*layouts_.back(), about);
  plan.gpus = scenario->cluster.gpus();
  plan.scenario = std::move(*scenario);
  return plan;
}

Result<std::vector<report::PlanReport>> PlanSizes::search() {
  Result<report::PlanReport> plan = search_one(scope_, scope_.file);
  if (!plan) return std::move(plan).errors();
  std::vector<report::PlanReport> plans;
  plans.push_back(std::move(*plan));
  return plans;
}

std::vector<report::PlanReport> PlanSizes::search(const models::Scenario& scenario, const std::vector<int>& sizes) {
  std::vector<report::PlanReport> plans;
  for (const int gpus : sizes) {
    PlanScope scope = scope_;
    scope.gpus = gpus;
    Result<report::PlanReport> plan =
        search_one(std::move(scope), scope_.file + ", " + report::grouped(gpus) + " GPUs");
    // The file is without fault, so there is no layout that such a cluster can have.
    if (plan)
      plans.push_back(std::move(*plan));
    else
      plans.push_back({scenario, gpus, 0, 0, {}, {}, {}, {}});
    if (plans.back().search.stopped) break;
  }
  return plans;
}

report::PlanLimits PlanSizes::limits(std::size_t i, const report::PlanReport& plan) const {
  Progress asking(telling_.progress, telling_.quiet, scope_.file + ": what limits it");
  sweep::SearchOptions options = scope_.search;
  options.progress = [&](const sweep::SearchResult& found, std::optional<double> least_bound) {
    asking(0, std::to_string(found.looked_at) +
                  (least_bound ? " that do not fit looked at, some closer" : " that do not fit looked at"));
  };
  return limits_of({*layouts_[i], plan.search.best.front().candidate, plan.results.front().step_time}, options);
}

}  // namespace orrery::cli
