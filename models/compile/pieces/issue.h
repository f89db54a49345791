#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "models/compile/stage_context.h"

namespace orrery::models {

// Appends the steps of one list to a program, from the first to the last.
//
// Steps stand in order on the main stream; a side step starts behind the step
// before it, on the tp stream (the ep stream, for exchanges between experts), and is
// waited for by name, or at the latest at the end of the list. Where a step needs a
// value on the host, `sync_host` is called.
class ListIssuer {
 public:
  ListIssuer(StageContext& context, const std::vector<TemplateOp>& ops, std::function<void()> sync_host)
      : context_(context), ops_(ops), sync_host_(std::move(sync_host)) {
    side_.assign(ops.size(), sim::OpRef::none());
  }

  // All of it.
  void issue();
  // Up to a collective, which goes to the tp stream, so that something else can be
  // issued to hide it; true while there is more. The next call waits for it first.
  bool issue_to_collective();

 private:
  void step(bool aside);
  void left_open(int step, sim::StreamIndex stream);
  void finish();
  sim::StreamIndex side_stream(const TemplateOp& op) const;

  StageContext& context_;
  const std::vector<TemplateOp>& ops_;
  std::function<void()> sync_host_;
  std::vector<sim::OpRef> side_;  // by step
  std::size_t next_ = 0;
  std::vector<int> open_;  // side steps that nobody has waited for, the last of each stream
  sim::OpRef pending_;     // the collective that was left behind
};

}  // namespace orrery::models
