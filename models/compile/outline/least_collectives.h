#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "models/collectives/times/measured_transfers.h"
#include "models/layout/layout.h"
#include "models/scenario/scenario.h"
#include "sim/network/flow_net.h"
#include "sim/workload.h"
#include "topology/fabric.h"

namespace orrery::models {

// How long a collective takes at least, whichever of a role's groups it is in: alone on its links.
class LeastCollectives {
 public:
  LeastCollectives(const Scenario& scenario, bool bidirectional, std::shared_ptr<const topology::Fabric> fabric,
                   MeasuredTransfers measured);
  LeastCollectives(const LeastCollectives&) = delete;
  LeastCollectives& operator=(const LeastCollectives&) = delete;

  // Zero where the groups are too many to look at.
  Duration time(const sim::Transfer& transfer);

 private:
  using Groups = std::vector<GroupId>;

  // Groups that stand for all of the role; none if some rank has nobody to meet.
  const Groups& groups_of(sim::GroupRole role);
  Groups find_groups(sim::GroupRole role) const;
  std::vector<std::uint32_t> place_of(const std::vector<RankId>& members) const;

  std::shared_ptr<const topology::Fabric> fabric_;
  sim::Workload workload_;  // without programs
  std::optional<sim::FlowNet> network_;
  std::map<sim::GroupRole, Groups> groups_;
  std::map<std::tuple<sim::TransferKind, sim::GroupRole, std::int64_t>, Duration> known_;
};

}  // namespace orrery::models
