#include "sim/fold/memory.h"

#include <algorithm>
#include <utility>

#include "sim/fold/quotient.h"

namespace orrery::sim {
namespace {

constexpr std::size_t kMostKnown = 4;  // neighbours mostly differ in the last axis alone

std::shared_ptr<const void> family_of(const Workload& workload) {
  const auto* drafting = dynamic_cast<const DraftingPlanner*>(workload.planner.get());
  return drafting == nullptr ? nullptr : drafting->family();
}

bool same_kinds(const std::vector<Wanted>& a, const std::vector<Wanted>& b) {
  return std::ranges::equal(a, b, {}, &Wanted::kind, &Wanted::kind);
}

bool same_but_for_sizes(const ProgramMeets& a, const ProgramMeets& b) {
  const auto same = [](const ProgramMeets::InRole& in, const ProgramMeets::InRole& other) {
    return in.role == other.role && same_kinds(in.wanted, other.wanted);
  };
  return std::ranges::equal(a.collectives, b.collectives, same) && std::ranges::equal(a.sends, b.sends, same) &&
         a.receives == b.receives && same_kinds(a.copies, b.copies);
}

}  // namespace

bool FoldMemory::is_of(const Known& known, const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets) {
  return workload.steps >= 1 && known.family == family_of(workload) && known.program_of == workload.program_of &&
         known.groups == workload.groups && known.group_roles == workload.group_roles &&
         known.peer_roles == workload.peer_roles && known.links == workload.links &&
         std::ranges::equal(known.meets, meets, same_but_for_sizes);
}

std::optional<Folded> FoldMemory::fold(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets) {
  for (auto known = known_.begin(); known != known_.end(); ++known) {
    if (!is_of(*known, workload, meets)) continue;
    const std::optional<FlowPlans> plans = FlowPlans::ask(workload, meets, known->pattern);
    if (!plans || plans->shapes() != known->shapes || number_classes(plans->signatures()).of != known->equal_one)
      continue;
    known_.splice(known_.begin(), known_, known);
    return quotient(workload, known->pattern, *plans);
  }
  return std::nullopt;
}

void FoldMemory::keep(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets, Pattern pattern,
                      const FlowPlans& plans) {
  const std::shared_ptr<const void> family = family_of(workload);
  if (family == nullptr) return;
  if (known_.size() == kMostKnown) known_.pop_back();
  known_.push_front({workload.program_of, workload.groups, workload.group_roles, workload.peer_roles, workload.links,
                     meets, family, std::move(pattern), plans.shapes(), number_classes(plans.signatures()).of});
}

}  // namespace orrery::sim
