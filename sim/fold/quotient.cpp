#include "sim/fold/quotient.h"

#include <algorithm>

#include "sim/fold/plans.h"

namespace orrery::sim {

namespace {

// Answers from a table that holds every request the folded programs can make.
class FoldedPlanner : public TransferPlanner {
 public:
  FoldedPlanner(FoldedPlanTable table, std::shared_ptr<const TransferPlanner> full)
      : table_(std::move(table)), full_(std::move(full)) {}

  const TransferPlan& plan(const TransferRequest& request) const override {
    const auto at = table_.find({request.kind, request.bytes.n, {request.ranks.begin(), request.ranks.end()}});
    return at == table_.end() ? nothing_ : at->second;
  }
  std::string algorithm_name(std::uint32_t algorithm) const override { return full_->algorithm_name(algorithm); }

 private:
  FoldedPlanTable table_;
  std::shared_ptr<const TransferPlanner> full_;
  TransferPlan nothing_;
};

class Quotient {
 public:
  Quotient(const Workload& full, const FlowTable& flows, const Refinement& classes)
      : full_(full), flows_(flows), classes_(classes), plans_(full, flows, classes) {}

  std::optional<Folded> build() {
    copy_tables();
    map_ranks();
    map_links();
    fold_groups();
    fold_peers();
    if (!plans_.build(folded_.workload.groups, folded_.class_of)) return std::nullopt;
    resize_transfers();
    folded_.workload.planner = std::make_shared<FoldedPlanner>(std::move(plans_).finish(), full_.planner);
    return std::move(folded_);
  }

 private:
  void copy_tables() {
    Workload& w = folded_.workload;
    w.programs = full_.programs;
    w.link_kinds = full_.link_kinds;
    w.categories = full_.categories;
    w.causes = full_.causes;
    w.claims = full_.claims;
    w.jitter = full_.jitter;
    w.steps = full_.steps;
  }

  void map_ranks() {
    folded_.class_of.reserve(full_.ranks());
    for (const std::uint32_t c : classes_.ranks().of) folded_.class_of.add({c});
    for (const std::uint32_t first : classes_.ranks().first) {
      folded_.representative.add({first});
      folded_.workload.program_of.add(full_.program_of[{first}]);
    }
  }

  void map_links() {
    const Classes& links = classes_.links();
    folded_.link_multiplicity.resize(links.count(), 0);
    folded_.link_class_of.reserve(links.of.size());
    for (const std::uint32_t c : links.of) {
      folded_.link_class_of.add({c});  // Classes::kNone is none()
      if (c != Classes::kNone) ++folded_.link_multiplicity[c];
    }
    for (const std::uint32_t first : links.first) folded_.workload.links.add(full_.links[{first}]);
  }

  // Entities are numbered from the groups on, and classes by their first entity,
  // so the classes of groups come first.
  GroupId folded_group(GroupId group) const {
    return group.is_none() ? GroupId::none() : GroupId{classes_.entities().of[group.value]};
  }

  void fold_groups() {
    for (const std::uint32_t first : classes_.entities().first) {
      if (first >= full_.groups.size()) break;
      std::vector<RankId> members;
      std::vector<bool> seen(folded_.representative.size(), false);
      for (const RankId member : full_.groups[{first}].members) {
        const RankId of = folded_.class_of[member];
        if (!seen[of.value]) members.push_back(of);
        seen[of.value] = true;
      }
      std::sort(members.begin(), members.end());
      folded_.workload.groups.add({std::move(members)});
    }
    for (const GroupRoleInfo& role : full_.group_roles) {
      GroupRoleInfo folded{.name = role.name, .group_of = {}, .crosses_pipeline = role.crosses_pipeline};
      for (const RankId rank : folded_.representative) folded.group_of.add(folded_group(role.group_of[rank]));
      folded_.workload.group_roles.push_back(std::move(folded));
    }
  }

  bool speaks_of_peer(RankId rank, PeerRole role) const {
    const ProgramMeets& meets = flows_.meets(rank);
    const auto sends = [role](const ProgramMeets::InRole& in) { return in.role == role; };
    return std::any_of(meets.sends.begin(), meets.sends.end(), sends) ||
           std::find(meets.receives.begin(), meets.receives.end(), role) != meets.receives.end();
  }

  void fold_peers() {
    const auto roles = static_cast<PeerRole>(full_.peer_roles.size());
    for (PeerRole r = 0; r < roles; ++r) {
      PeerRoleInfo folded{.name = full_.peer_roles[r].name, .peer_of = {}};
      for (const RankId rank : folded_.representative) {
        const bool spoken_of = speaks_of_peer(rank, r);
        folded.peer_of.add(spoken_of ? folded_.class_of[full_.peer_roles[r].peer_of[rank]] : RankId::none());
      }
      folded_.workload.peer_roles.push_back(std::move(folded));
    }
  }

  void resize_transfers() {
    for (Program& program : folded_.workload.programs) {
      for (Transfer& transfer : program.transfers) {
        const bool meets_group = transfer.kind != TransferKind::point_to_point && transfer.kind != TransferKind::copy;
        if (meets_group) transfer.bytes = plans_.size_of(transfer);
      }
    }
  }

  const Workload& full_;
  const FlowTable& flows_;
  const Refinement& classes_;
  FoldedPlans plans_;
  Folded folded_;
};

}  // namespace

std::optional<Folded> quotient(const Workload& workload, const FlowTable& flows, const Refinement& classes) {
  return Quotient(workload, flows, classes).build();
}

}  // namespace orrery::sim
