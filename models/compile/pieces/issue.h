#pragma once

#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Appends the steps of one list to a program, from the first to the last.
//
// Steps stand in order on the main stream; a side step starts behind the step
// before it, on the tp stream (the ep stream, for exchanges between experts), and is
// waited for by name, or at the latest at the end of the list. Where a step needs a
// value on the host, `sync_host` is called.
class ListIssuer {
 public:
  ListIssuer(StageContext& context, std::span<const TemplateOp> ops, std::function<void()> sync_host)
      : context_(context), ops_(ops), sync_host_(std::move(sync_host)) {
    side_.assign(ops.size(), sim::OpRef::none());
  }

  // All of it.
  void issue() {
    issue_first();
    issue_rest();
    finish();
  }
  // The same in three parts: the first step, which takes what the streams wait for;
  void issue_first() { step(false); }
  // the others;
  void issue_rest() {
    while (next_ < ops_.size()) step(false);
  }
  // the end, where the main stream waits for the side steps that nobody has waited for.
  void finish();
  std::vector<sim::OpRef> open_ends() const;
  // Up to a collective, which goes to a side stream, so that something else can be
  // issued to hide it; true while there is more. The next call waits for it first.
  bool issue_to_collective();

 private:
  void step(bool aside);
  void left_open(int step, sim::StreamIndex stream);
  sim::StreamIndex side_stream(const TemplateOp& op) const;
  sim::StreamIndex hidden_stream(const TemplateOp& op) const;
  bool is_worth_hiding(const TemplateOp& op) const;
  bool exchanges() const;  // between experts
  double slot_slowdown(const TemplateOp& op) const;

  StageContext& context_;
  const std::span<const TemplateOp> ops_;
  std::function<void()> sync_host_;
  std::vector<sim::OpRef> side_;  // by step
  std::size_t next_ = 0;
  std::vector<int> open_;  // side steps that nobody has waited for, the last of each stream
  sim::OpRef pending_;     // the collective that was left behind
};

// Issues lists over and over, for every micro-batch the same, and for layers that share one: from the second time on,
// what was written the first time is written again.
class IssuedLists {
 public:
  explicit IssuedLists(StageContext& context) : context_(context) {}

  void issue(std::span<const TemplateOp> ops, const std::function<void()>& sync_host);
  // What was written is not there any more.
  void forget() { issued_.clear(); }

 private:
  // What stands behind the list's first step.
  struct Issued {
    bool repeats = false;
    sim::ProgramBuilder::Mark from, to;
    std::vector<sim::OpRef> open_ends;
  };

  void issue_first_again(const TemplateOp& op);
  Issued issue_anew(std::span<const TemplateOp> ops, const std::function<void()>& sync_host);

  StageContext& context_;
  std::unordered_map<const TemplateOp*, Issued> issued_;  // by a list's first step
};

}  // namespace orrery::models
