#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "sim/fold/flows.h"
#include "sim/fold/fold.h"
#include "sim/fold/pattern.h"
#include "sim/fold/plans.h"

namespace orrery::sim {

// What was found of workloads that were folded last, for those that are the same but for sizes and times, as
// neighbours in a sweep are: they fold as those did, to the same classes.
//
// A pattern is that of another workload if
//  - the same ranks meet the same ranks over the same links: tables are equal, and programs ask for as many transfers
//  of
//    the same kinds;
//  - entities of one class are alike whatever the sizes (FlowTable::likeness), by planners of one family: then their
//    plans differ in links alone, as they did;
//  - the first entity of each class takes the algorithms and wires that it took: then all of its class do;
//  - classes whose plans were equal have equal plans now, and others others: refinement begins with the same colours.
// So refinement would find these classes. Not to be shared among threads.
class FoldMemory {
 public:
  // Nothing if no pattern that is known is the workload's. Precondition: its programs are sound.
  std::optional<Folded> fold(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets);

  // Keeps the pattern of a workload whose classes are alike in other sizes too. Its plans are those of its own sizes.
  void keep(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets, Pattern pattern,
            const FlowPlans& plans);

 private:
  struct Known {
    IdVector<RankId, ProgramId> program_of;
    IdVector<GroupId, Group> groups;
    std::vector<GroupRoleInfo> group_roles;
    std::vector<PeerRoleInfo> peer_roles;
    IdVector<LinkId, Link> links;
    IdVector<ProgramId, ProgramMeets> meets;
    std::shared_ptr<const void> family;
    Pattern pattern;
    std::vector<std::uint64_t> shapes;     // of plans, by flow
    std::vector<std::uint32_t> equal_one;  // by flow: the number of its signature
  };
  static bool is_of(const Known& known, const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets);

  std::list<Known> known_;  // the one used last in front
};

}  // namespace orrery::sim
