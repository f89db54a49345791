#include "models/compile/workbench.h"

namespace orrery::models {

Result<std::shared_ptr<const topology::Fabric>> Workbench::fabric(const topology::ClusterSpec& cluster) {
  if (fabric_ == nullptr || fabric_->cluster() != cluster) {
    Result<topology::Fabric> built = topology::Fabric::build(cluster);
    if (!built) return built.errors();
    fabric_ = std::make_shared<const topology::Fabric>(std::move(*built));
  }
  return fabric_;
}

const Links& Workbench::links(const std::shared_ptr<const topology::Fabric>& fabric) {
  if (!links_ || links_->first != fabric) links_.emplace(fabric, links_of(*fabric));
  return links_->second;
}

std::shared_ptr<PlannerFamily> Workbench::planners(const PlannerSettings& settings) {
  constexpr std::size_t kMostGroups = 4096;  // some hundred a layout: a sweep may have any number of layouts
  if (planners_ == nullptr || planners_->settings != settings || planners_->groups.size() > kMostGroups)
    planners_ = std::make_shared<PlannerFamily>(settings);
  return planners_;
}

const RoleTables& Workbench::roles(const RoleNeeds& needs) {
  if (!roles_ || roles_->first != needs) roles_.emplace(needs, role_tables(needs));
  return roles_->second;
}

}  // namespace orrery::models
