#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/fold/flows.h"
#include "sim/fold/fold.h"
#include "sim/fold/refine.h"

namespace orrery::sim {

// What folding finds: who is one with whom, who meets whom, over which links. It hangs on what programs ask for, but
// not on how long anything takes.
struct Pattern {
  // The links of one wire of a flow, as its first entity loads them, and as all entities of the class together load
  // those of the classes.
  struct Wire {
    LinkUses own;
    std::shared_ptr<const LinkUses> folded;
  };
  // A class of entities, by its first one.
  struct Flow {
    std::vector<RankId> ranks;  // as a planner is asked for them
    std::vector<Wire> wires;
  };

  Folded frame;                                // of the workload, without its programs and plans
  IdVector<GroupId, GroupId> first_group;      // folded group -> the first of its class
  std::vector<Flow> flows;                     // those of the folded groups first
  IdVector<RankId, std::uint32_t> first_flow;  // of a folded rank's sends in the order of ProgramMeets, and its copies
  std::vector<std::uint32_t> family_of_role;   // roles that name a group in common are one family
  IdVector<GroupId, std::uint32_t> family_of_group;
};

Pattern pattern_of(const Workload& workload, const FlowTable& flows, const Refinement& classes);

}  // namespace orrery::sim
