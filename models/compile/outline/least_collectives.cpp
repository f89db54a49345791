#include "models/compile/outline/least_collectives.h"

#include <algorithm>
#include <set>

#include "models/collectives/planner.h"
#include "models/compile/links.h"
#include "models/compile/roles.h"

namespace orrery::models {
namespace {

// Beyond these planning for each would take longer than a better bound saves.
constexpr std::size_t kMostGroups = 32;

}  // namespace

LeastCollectives::LeastCollectives(const Scenario& scenario, bool bidirectional,
                                   std::shared_ptr<const topology::Fabric> fabric, MeasuredTransfers measured)
    : fabric_(std::move(fabric)) {
  add_roles(role_tables(role_needs(scenario, bidirectional)), workload_);
  add_links(links_of(*fabric_), workload_);
  workload_.planner = make_planner(fabric_, scenario.simulation.network, scenario.collectives, {}, std::move(measured));
  network_.emplace(workload_.links);
}

Duration LeastCollectives::time(const sim::Transfer& transfer) {
  const auto [at, is_new] = known_.try_emplace({transfer.kind, transfer.role, transfer.bytes.n});
  if (!is_new) return at->second;
  std::optional<Duration> least;
  for (const GroupId group : groups_of(transfer.role)) {
    const Duration alone =
        network_->time_alone(workload_.planner->plan({transfer.kind, workload_.groups[group].members, transfer.bytes}));
    least = std::min(alone, least.value_or(alone));
  }
  return at->second = least.value_or(Duration());
}

const LeastCollectives::Groups& LeastCollectives::groups_of(sim::GroupRole role) {
  const auto [at, is_new] = groups_.try_emplace(role);
  if (is_new) at->second = find_groups(role);
  return at->second;
}

// Inside an NVLink domain the places in it decide, where no link is unlike its neighbours.
LeastCollectives::Groups LeastCollectives::find_groups(sim::GroupRole role) const {
  if (role >= workload_.group_roles.size()) return {};
  std::set<GroupId> all;
  for (const GroupId group : workload_.group_roles[role].group_of) {
    if (group.is_none() || workload_.groups[group].members.size() < 2) return {};
    all.insert(group);
  }
  Groups groups;
  std::set<std::vector<std::uint32_t>> places;
  for (const GroupId group : all) {
    const std::vector<RankId>& members = workload_.groups[group].members;
    const bool inside = std::all_of(members.begin(), members.end(),
                                    [&](RankId member) { return fabric_->same_domain(members.front(), member); });
    if (inside && fabric_->cluster().faults.empty() && !places.insert(place_of(members)).second) continue;
    if (groups.size() == kMostGroups) return {};
    groups.push_back(group);
  }
  return groups;
}

std::vector<std::uint32_t> LeastCollectives::place_of(const std::vector<RankId>& members) const {
  const auto domain = static_cast<std::uint32_t>(fabric_->cluster().domain_gpus());
  std::vector<std::uint32_t> places = {static_cast<std::uint32_t>(fabric_->cluster().kind_of(members.front()))};
  for (const RankId member : members) places.push_back(member.value % domain);
  return places;
}

}  // namespace orrery::models
