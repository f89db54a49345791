#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "models/compile/pieces/piece_template.h"
#include "models/compile/stage/held.h"
#include "models/schedules/schedule.h"
#include "sim/program.h"

namespace orrery::models {

// What a pass is for which stages that have layers alone write the same. What data parallelism adds hangs on the layers
// too, and on whether it is the first pass of its kind.
struct PassKey {
  Action::Type type = Action::Type::forward;
  bool hands_on = false;                  // its output to a next stage
  std::size_t before = 0;                 // passes of its kind that the stage has written
  std::vector<const TemplateOp*> layers;  // the forward of each: of those that work alike, KnownLayers has one
  Held found;
  bool operator==(const PassKey&) const = default;
};

// Passes that a stage of a scenario has written as a block, for the programs of other stages. Ops name transfers and
// labels by their places in tables, so it is for programs that have come to the same tables.
class KnownPasses {
 public:
  struct Pass {
    PassKey key;
    Held left;
    sim::Block block;
    std::vector<sim::Buffer> buffers;                     // that come along
    std::vector<sim::Transfer> transfers;                 // the tables
    std::vector<std::string> labels;                      //
    std::size_t transfers_before = 0, labels_before = 0;  // how much of them was there before
  };

  bool empty() const { return passes_.empty(); }
  const Pass* find(const PassKey& key, const sim::Program& program) const;
  void add(Pass pass) { passes_.push_back(std::move(pass)); }
  KeptLists& lists() { return lists_; }

 private:
  std::deque<Pass> passes_;
  KeptLists lists_;
};

}  // namespace orrery::models
