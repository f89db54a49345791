#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "models/collectives/planner_family.h"
#include "models/compile/known/known_stages.h"
#include "models/compile/links.h"
#include "models/compile/roles.h"
#include "models/memory/replay_memory.h"
#include "models/schedules/schedule.h"
#include "sim/fold/memory.h"
#include "sim/leaps/leap_memory.h"
#include "sim/program_forms.h"
#include "topology/fabric.h"

namespace orrery::models {

// What one scenario leaves for the next that is compiled, folded and run, as points of a sweep are: its fabric with its
// links and what is known of groups on it, where clusters are equal; who meets whom, where layouts are; its pipeline's
// order; the programs of its stages, and how it folded, where it is the same but for sizes and times; how its
// allocators' replays went; how its programs part into legs, and in which order their ranks meet. Results do not hang
// on it. It holds what the last few scenarios needed. Not to be shared among threads.
class Workbench {
 public:
  Result<std::shared_ptr<const topology::Fabric>> fabric(const topology::ClusterSpec& cluster);
  const Links& links(const std::shared_ptr<const topology::Fabric>& fabric);
  std::shared_ptr<PlannerFamily> planners(const PlannerSettings& settings);
  const RoleTables& roles(const RoleNeeds& needs);
  LatestSchedule& schedule() { return schedule_; }
  KnownStages& stages() { return stages_; }
  sim::FoldMemory& folds() { return folds_; }
  const std::shared_ptr<sim::ProgramForms>& forms() const { return forms_; }
  const std::shared_ptr<ReplayMemory>& replays() const { return replays_; }
  sim::LeapMemory& leaps() { return leaps_; }

 private:
  std::shared_ptr<const topology::Fabric> fabric_;
  std::optional<std::pair<std::shared_ptr<const topology::Fabric>, Links>> links_;
  std::shared_ptr<PlannerFamily> planners_;
  std::optional<std::pair<RoleNeeds, RoleTables>> roles_;
  LatestSchedule schedule_;
  std::shared_ptr<sim::ProgramForms> forms_ = std::make_shared<sim::ProgramForms>();
  KnownStages stages_{forms_};
  sim::FoldMemory folds_{forms_};
  sim::LeapMemory leaps_{forms_};
  std::shared_ptr<ReplayMemory> replays_ = std::make_shared<ReplayMemory>(forms_);
};

}  // namespace orrery::models
