#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sim/leaps/legs/parted_program.h"
#include "sim/program_forms.h"

namespace orrery::sim {

// How programs that were run last part into legs, for those that are alike but for sizes and times, as neighbours in a
// sweep are. Not to be shared among threads.
class LegMemory {
 public:
  explicit LegMemory(std::shared_ptr<ProgramForms> forms) : forms_(std::move(forms)) {}

  // As legs_of.
  ProgramLegs legs(const LeapProgram& program, std::span<const std::span<const Op>> streams);

 private:
  struct Known {
    std::uint64_t form = 0;
    std::vector<OpKind> main;        // kinds of the main stream's ops
    std::vector<char> have_kernels;  // by block
    ProgramLegs legs;
  };

  std::shared_ptr<ProgramForms> forms_;
  std::list<Known> known_;  // the one asked for last is last: programs of a workload come up in turn
};

}  // namespace orrery::sim
