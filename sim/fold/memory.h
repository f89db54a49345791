#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sim/fold/agreed_sizes.h"
#include "sim/fold/flows.h"
#include "sim/fold/fold.h"
#include "sim/fold/pattern.h"
#include "sim/fold/plans.h"
#include "sim/program_forms.h"
#include "sim/rank_tables.h"

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
//
// Where programs are alike (alike.h) those of the workload that was folded so last, they are as sound, and there is
// less to look at. What is more, their classes agree on what they exchange if those did and sizes are equal where they
// were.
class FoldMemory {
 public:
  // `forms`: of programs that others ask about too; null: its own.
  explicit FoldMemory(std::shared_ptr<ProgramForms> forms = nullptr)
      : program_forms_(forms ? std::move(forms) : std::make_shared<ProgramForms>()) {}

  // Nothing if no workload that is known is of alike programs, or if its pattern is not the workload's.
  std::optional<Folded> fold(const Workload& workload);

  // Nothing if no pattern that is known is the workload's. Precondition: its programs are sound.
  std::optional<Folded> fold(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses,
                             const IdVector<ProgramId, ProgramMeets>& meets);

  // Keeps the pattern of a workload whose classes are alike in other sizes too. Its plans are those of its own sizes.
  // `folded` learns its form.
  void keep(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses,
            const IdVector<ProgramId, ProgramMeets>& meets, Pattern pattern, const FlowPlans& plans, Folded& folded);

  // Whether the classes of what was folded here agree on all that they exchange, because those before it did.
  bool agrees(const Folded& folded) const;
  // They do.
  void keep_agreed(const Folded& folded);

 private:
  // Of a workload: whose programs, and what is known of all that are alike.
  struct Form {
    std::uint64_t number = 0;             // Folded::form
    std::vector<std::uint64_t> programs;  // their forms
    IdVector<ProgramId, TransferUses> uses;
    std::size_t categories = 0, causes = 0;
    std::optional<AgreedSizes> agreed;
  };
  struct Known {
    RankTables ranks;
    SharedIdVector<LinkId, Link> links;
    IdVector<ProgramId, ProgramMeets> meets;
    std::shared_ptr<const void> family;
    Pattern pattern;
    std::vector<std::uint64_t> shapes;     // of plans, by flow
    std::vector<std::uint32_t> equal_one;  // by flow: the number of its signature
    Form form;                             // of the one folded last
  };
  static bool has_tables(const Known& known, const Workload& workload);
  std::vector<std::uint64_t> forms_of(const IdVector<ProgramId, Program>& programs);
  static std::optional<Folded> fold_as(const Known& known, const Workload& workload,
                                       const IdVector<ProgramId, ProgramMeets>& meets);
  Form form_of(const Workload& workload, const IdVector<ProgramId, TransferUses>& uses);

  std::list<Known> known_;  // the one used last in front
  std::shared_ptr<ProgramForms> program_forms_;
  std::uint64_t forms_ = 0;
};

}  // namespace orrery::sim
