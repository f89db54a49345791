#include "sim/fold/quotient.h"

#include <memory>
#include <string>
#include <utility>

namespace orrery::sim {

namespace {

// Answers from a table that holds every request the folded programs can make.
class FoldedPlanner : public TransferPlanner {
 public:
  FoldedPlanner(FoldedPlanTable table, std::shared_ptr<const TransferPlanner> full)
      : table_(std::move(table)), full_(std::move(full)) {}

  const TransferPlan& plan(const TransferRequest& request) const override {
    const auto at = table_.find(request);
    return at == table_.end() ? nothing_ : at->second;
  }
  std::string algorithm_name(std::uint32_t algorithm) const override { return full_->algorithm_name(algorithm); }

 private:
  FoldedPlanTable table_;
  std::shared_ptr<const TransferPlanner> full_;
  TransferPlan nothing_;
};

void copy_tables(const Workload& from, Workload& to) {
  to.programs = from.programs;
  to.link_kinds = from.link_kinds;
  to.categories = from.categories;
  to.causes = from.causes;
  to.claims = from.claims;
  to.jitter = from.jitter;
  to.steps = from.steps;
}

void resize_transfers(const FoldedPlans& plans, Workload& folded) {
  for (Program& program : folded.programs) {
    for (Transfer& transfer : program.transfers) {
      const bool meets_group = transfer.kind != TransferKind::point_to_point && !is_copy(transfer.kind);
      if (meets_group) transfer.bytes = plans.size_of(transfer);
    }
  }
}

}  // namespace

std::optional<Folded> quotient(const Workload& workload, const Pattern& pattern, const FlowPlans& plans) {
  FoldedPlans table(pattern, plans);
  if (!table.build()) return std::nullopt;
  Folded folded = pattern.frame;
  copy_tables(workload, folded.workload);
  resize_transfers(table, folded.workload);
  folded.workload.planner = std::make_shared<FoldedPlanner>(std::move(table).finish(), workload.planner);
  return folded;
}

}  // namespace orrery::sim
