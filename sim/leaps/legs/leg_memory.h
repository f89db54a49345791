#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sim/account/levels.h"
#include "sim/coalesce/solo/used_transfers.h"
#include "sim/leaps/legs/parted_program.h"
#include "sim/program_forms.h"

namespace orrery::sim {

// What was found of programs that were run last, for those that are alike but for sizes and times, as neighbours in a
// sweep are. Not to be shared among threads.
class LegMemory {
 public:
  explicit LegMemory(std::shared_ptr<ProgramForms> forms) : forms_(std::move(forms)) {}

  // The number of a program's form, for what follows.
  std::uint64_t form_of(const Program& program) { return forms_->of(program); }

  // What hangs on the form alone.
  struct Facts {
    std::shared_ptr<const ProgramTransfers> transfers;
    std::shared_ptr<const MemoryPlaces> memory;
  };
  const Facts& facts(std::uint64_t form, const Program& program, UsedTransfers& used);
  // As legs_of.
  ProgramLegs legs(std::uint64_t form, const LeapProgram& program, std::span<const std::span<const Op>> streams);

 private:
  // Which of its collectives its ranks have for themselves is the program's, not the form's.
  struct Known {
    std::uint64_t form = 0;
    std::vector<char> solo;  // by transfer; empty: none
    ProgramLegs legs;
  };
  struct KnownFacts {
    std::uint64_t form = 0;
    Facts facts;
  };

  std::shared_ptr<ProgramForms> forms_;
  std::list<Known> known_;       // the one asked for last is last: programs of a workload come up in turn
  std::list<KnownFacts> facts_;  // likewise
};

}  // namespace orrery::sim
