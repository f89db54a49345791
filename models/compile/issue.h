#pragma once

#include <vector>

#include "models/compile/stage_context.h"

namespace orrery::models {

// Appends the steps of one list to a program, from the first to the last.
//
// Steps stand in order on the main stream; a side step starts behind the step
// before it, on the tp stream, and is waited for by name, or at the latest at the
// end of the list.
class ListIssuer {
 public:
  ListIssuer(StageContext& context, const std::vector<TemplateOp>& ops) : context_(context), ops_(ops) {
    side_.assign(ops.size(), sim::OpRef::none());
  }

  // All of it.
  void issue();
  // Up to a collective, which goes to the tp stream, so that something else can be
  // issued to hide it; true while there is more. The next call waits for it first.
  bool issue_to_collective();

 private:
  void step(bool aside);
  void finish();

  StageContext& context_;
  const std::vector<TemplateOp>& ops_;
  std::vector<sim::OpRef> side_;  // by step
  std::size_t next_ = 0;
  int waited_ = -1, issued_ = -1;
  sim::OpRef pending_;  // the collective that was left behind
};

}  // namespace orrery::models
