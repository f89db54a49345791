#pragma once

#include <cstddef>
#include <cstdint>
#include <list>

#include "sim/alike.h"
#include "sim/list_repeats.h"
#include "sim/program.h"

namespace orrery::sim {

// Numbers of programs' forms: programs of one number are alike (alike.h), so that what was found of one and hangs on no
// size and no time is known of the others. Keeps those that were asked for last; one that comes back later has another
// number. Not to be shared among threads.
class ProgramForms {
 public:
  std::uint64_t of(const Program& program);
  // Has a program known as one of that form, unless the form is forgotten. Precondition: it is alike those.
  void add(std::uint64_t form, const Program& program);
  // How often two programs had to be compared.
  std::size_t compared() const { return compared_; }

 private:
  struct Known {
    std::uint64_t number;
    Program latest;       // of this form: asked for again, it is told by its lists
    ListRepeats buffers;  // of the first
  };

  std::list<Known> known_;  // the one asked for last is last: programs of a workload come up in turn
  std::uint64_t numbers_ = 0;
  std::size_t compared_ = 0;
  AlikeBlocks blocks_;  // found last
};

}  // namespace orrery::sim
