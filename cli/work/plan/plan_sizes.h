#pragma once

#include <memory>
#include <vector>

#include "cli/work/plan/plan_layouts.h"
#include "report/plan/plan.h"

namespace orrery::cli {

// How progress is told: --progress and --quiet.
struct Telling {
  std::string progress = "auto";
  bool quiet = false;
};

// The searches of a plan, on clusters of one size or of several.
class PlanSizes {
 public:
  PlanSizes(PlanScope scope, Telling telling) : scope_(std::move(scope)), telling_(std::move(telling)) {}

  // The scenario as it was written; errors are those of reading it.
  Result<models::Scenario> open() const { return PlanLayouts(scope_).open(); }
  // Searches the file's own size.
  Result<std::vector<report::PlanReport>> search();
  // Searches `sizes` of the cluster of `scenario`, which open() gave. An interrupted search is the last.
  std::vector<report::PlanReport> search(const models::Scenario& scenario, const std::vector<int>& sizes);
  // Of the fastest layout of size `i`.
  report::PlanLimits limits(std::size_t i, const report::PlanReport& plan) const;

 private:
  Result<report::PlanReport> search_one(PlanScope scope, const std::string& about);
  // `about`: of which size progress is.
  report::PlanReport found(const PlanLayouts& layouts, const std::string& about) const;

  PlanScope scope_;
  Telling telling_;
  std::vector<std::unique_ptr<PlanLayouts>> layouts_;  // by size
};

}  // namespace orrery::cli
