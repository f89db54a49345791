#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "models/compile/pieces/chunks.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Of a list of steps, or several one after the other: how many there are, and kernels to launch between the values that
// the host waits for.
struct Counts {
  std::size_t steps = 0;
  std::vector<int> launches{0};

  static Counts of(std::span<const TemplateOp> list);
  void add(const Counts& next);
};

// Of a rank's passes. Those of a virtual stage are alike, and counted once.
class PassCounts {
 public:
  PassCounts(const StageContext& context, const Chunks& chunks) : context_(context), chunks_(chunks) {}

  const Counts& of(const Action& pass);
  // Of an overlapped slot the passes are counted one after the other, although they are issued in turn.
  Counts of_action(const Action& action);

 private:
  struct Known {
    int stage = 0;
    Action::Type type = Action::Type::forward;
    Counts counts;
  };

  const StageContext& context_;
  const Chunks& chunks_;
  std::vector<Known> known_;
};

}  // namespace orrery::models
