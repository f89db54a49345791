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

bool FoldMemory::has_tables(const Known& known, const Workload& workload) {
  return workload.steps >= 1 && known.family == family_of(workload) && known.ranks.are_of(workload) &&
         known.links == workload.links;
}

std::vector<std::uint64_t> FoldMemory::forms_of(const IdVector<ProgramId, Program>& programs) {
  std::vector<std::uint64_t> forms;
  for (const Program& program : programs) forms.push_back(program_forms_->of(program));
  return forms;
}

std::optional<Folded> FoldMemory::fold_as(const Known& known, const Workload& workload,
                                          const IdVector<ProgramId, ProgramMeets>& meets) {
  if (!std::ranges::equal(known.meets, meets, same_but_for_sizes)) return std::nullopt;
  const std::optional<FlowPlans> plans = FlowPlans::ask(workload, meets, known.pattern);
  if (!plans || plans->shapes() != known.shapes || number_classes(plans->signatures()).of != known.equal_one)
    return std::nullopt;
  return quotient(workload, known.pattern, *plans);
}

std::optional<Folded> FoldMemory::fold(const Workload& workload) {
  const std::vector<std::uint64_t> programs = forms_of(workload.programs);
  for (auto known = known_.begin(); known != known_.end(); ++known) {
    const Form& form = known->form;
    if (form.programs != programs || form.categories != workload.categories.size() ||
        form.causes != workload.causes.size() || !has_tables(*known, workload))
      continue;
    std::optional<Folded> folded = fold_as(*known, workload, meets_of_programs(workload, known->form.uses));
    if (!folded) continue;
    folded->form = known->form.number;
    known_.splice(known_.begin(), known_, known);
    return folded;
  }
  return std::nullopt;
}

std::optional<Folded> FoldMemory::fold(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses,
                                       const IdVector<ProgramId, ProgramMeets>& meets) {
  for (auto known = known_.begin(); known != known_.end(); ++known) {
    if (!has_tables(*known, workload)) continue;
    std::optional<Folded> folded = fold_as(*known, workload, meets);
    if (!folded) continue;
    known->form = form_of(workload, uses);
    folded->form = known->form.number;
    known_.splice(known_.begin(), known_, known);
    return folded;
  }
  return std::nullopt;
}

void FoldMemory::keep(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses,
                      const IdVector<ProgramId, ProgramMeets>& meets, Pattern pattern, const FlowPlans& plans,
                      Folded& folded) {
  const std::shared_ptr<const void> family = family_of(workload);
  if (family == nullptr) return;
  if (known_.size() == kMostKnown) known_.pop_back();
  known_.push_front({RankTables(workload), workload.links, meets, family, std::move(pattern), plans.shapes(),
                     number_classes(plans.signatures()).of, form_of(workload, uses)});
  folded.form = known_.front().form.number;
}

auto FoldMemory::form_of(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses) -> Form {
  return {++forms_,    forms_of(workload.programs), uses, workload.categories.size(), workload.causes.size(),
          std::nullopt};
}

bool FoldMemory::agrees(const Folded& folded) const {
  const auto known = std::ranges::find(known_, folded.form, [](const Known& k) { return k.form.number; });
  return known != known_.end() && known->form.agreed && known->form.agreed->hold_for(folded.workload);
}

void FoldMemory::keep_agreed(const Folded& folded) {
  const auto known = std::ranges::find(known_, folded.form, [](const Known& k) { return k.form.number; });
  if (known != known_.end()) known->form.agreed = AgreedSizes::of(folded.workload);
}

}  // namespace orrery::sim
