#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/fold/flows.h"
#include "sim/fold/refine.h"
#include "sim/workload.h"

namespace orrery::sim {

// A request of the folded workload, in values.
struct FoldedRequest {
  TransferKind kind = TransferKind::point_to_point;
  std::int64_t bytes = 0;
  std::vector<RankId> ranks;
  auto operator<=>(const FoldedRequest&) const = default;
};
using FoldedPlanTable = std::map<FoldedRequest, TransferPlan>;

// Makes the plans of the folded workload from those of one member of each class:
// the same phases, but over link classes, with the connections of all transfers of
// the class that cross one link of the link class.
//
// A planner is asked with ranks, and to folded ranks all groups of a stage may be
// the same: {7} is the tensor-parallel group as well as the data-parallel group of
// class 7. Where the two also have a transfer of the same kind and size in common,
// one of the sizes is changed by a byte or so, in the folded programs and in the
// table of plans alike. The folded planner looks sizes up and never computes with them.
class FoldedPlans {
 public:
  FoldedPlans(const Workload& workload, const FlowTable& flows, const Refinement& classes);

  // Fills the table; false if two groups remain that no size tells apart.
  // `members` are those of the folded groups, `class_of` maps ranks.
  bool build(const IdVector<GroupId, Group>& members, const IdVector<RankId, RankId>& class_of);

  // What the folded programs are to say instead of `transfer.bytes`.
  Bytes size_of(const Transfer& transfer) const;

  FoldedPlanTable finish() && { return std::move(table_); }

 private:
  struct Resized {
    std::uint32_t family;
    Wanted wanted;
    auto key() const { return std::tuple(family, wanted.kind, wanted.bytes.n); }
    bool operator<(const Resized& other) const { return key() < other.key(); }
  };

  void sum_connections();
  void find_families();
  bool add_groups(const IdVector<GroupId, Group>& members);
  bool fits(const Resized& what, const std::vector<std::uint32_t>& groups, const IdVector<GroupId, Group>& members,
            std::int64_t extra) const;
  void add_ranks(const IdVector<RankId, RankId>& class_of);
  TransferPlan plan(std::uint32_t entity, const Wanted& wanted, std::span<const RankId> ranks) const;
  BytesPerSecond limit_of(const Phase& phase) const;

  const Workload& workload_;
  const FlowTable& flows_;
  const Refinement& classes_;
  std::vector<std::shared_ptr<LinkUses>> uses_;  // by wire, for the first entity of each class
  std::vector<std::uint32_t> family_of_role_;    // roles that name a group in common are one family
  std::map<Resized, std::int64_t> extra_;        // bytes added, where not zero
  FoldedPlanTable table_;
};

}  // namespace orrery::sim
