#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/fold/flows.h"
#include "sim/fold/pattern.h"
#include "sim/workload.h"

namespace orrery::sim {

// What the planner says of the first entity of each class: the same phases, but over link classes, with the
// connections of all transfers of the class that cross one link of the link class.
class FlowPlans {
 public:
  // Nothing if a plan loads links that the pattern does not know.
  static std::optional<FlowPlans> ask(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets,
                                      const Pattern& pattern);

  using Asked = std::pair<Wanted, TransferPlan>;
  const std::vector<Asked>& of(std::size_t flow) const { return plans_[flow]; }

  // By flow: equal where plans are, but for the links they load; and what of them hangs on no size and no time.
  const std::vector<std::uint64_t>& signatures() const { return signatures_; }
  const std::vector<std::uint64_t>& shapes() const { return shapes_; }

 private:
  bool add(const Workload& workload, const Pattern::Flow& flow, const std::vector<Wanted>& wanted);
  bool map_to_classes(const Workload& workload, const Pattern::Flow& flow, TransferPlan& plan);

  std::vector<std::vector<Asked>> plans_;
  std::vector<std::uint64_t> signatures_, shapes_;
};

// A request of the folded workload that has its ranks.
struct FoldedRequest {
  TransferKind kind = TransferKind::point_to_point;
  std::vector<RankId> ranks;
  Bytes bytes;
};

// By values, whoever has the ranks.
struct ByRequest {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.bytes != b.bytes) return a.bytes < b.bytes;
    return std::ranges::lexicographical_compare(a.ranks, b.ranks);
  }
};
using FoldedPlanTable = std::map<FoldedRequest, TransferPlan, ByRequest>;

// The plans of the folded workload by what it asks.
//
// A planner is asked with ranks, and to folded ranks all groups of a stage may be
// the same: {7} is the tensor-parallel group as well as the data-parallel group of
// class 7. Where the two also have a transfer of the same kind and size in common,
// one of the sizes is changed by a byte or so, in the folded programs and in the
// table of plans alike. The folded planner looks sizes up and never computes with them.
class FoldedPlans {
 public:
  FoldedPlans(const Pattern& pattern, const FlowPlans& plans) : pattern_(pattern), plans_(plans) {}

  // Fills the table; false if two groups remain that no size tells apart.
  bool build();

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
  struct WantedBy {
    Resized what;
    GroupId group;
    const TransferPlan* plan;
  };

  std::vector<WantedBy> wanted_by_groups() const;
  bool add_groups();
  bool fits(std::span<const WantedBy> alike, std::int64_t extra) const;
  TransferRequest request(const WantedBy& by, std::int64_t extra) const;
  void add_pairs_and_copies();

  const Pattern& pattern_;
  const FlowPlans& plans_;
  std::map<Resized, std::int64_t> extra_;  // bytes added, where not zero
  FoldedPlanTable table_;
};

}  // namespace orrery::sim
