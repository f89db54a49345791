#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/compile/pipeline/pipeline_transfers.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Rounds of a rank's actions. Most of a step is a few actions over and over, each time for the next micro-batches: a
// forward and a backward of 1F1B's steady state, a forward of its warm-up.
//
// Two rounds are written action by action. If the second came out as the first, a stride on, so does every one behind
// it, as long as each action takes and hands over what the one a round before did, and its pass is called (PassBlocks)
// as that was: what is written around a pass hangs on nothing else but what the round before has left. So those are
// written as copies.
class Rounds {
 public:
  // `completes`: by action, whether it is the last of its chunk to make gradients, as no other one of its round is.
  Rounds(StageContext& context, PipelineTransfers& transfers, const std::vector<bool>& completes)
      : builder_(context.builder), actions_(context.actions()), transfers_(transfers), completes_(completes) {}

  // Before action `i`, from the first on behind which passes are called, all before it being written: whether it and
  // those behind it, up to end(), may be copies.
  bool come_to(std::size_t i);
  std::size_t end() const { return end_; }
  const sim::ProgramBuilder::Stride& stride() const { return *stride_; }
  // Then: writes those up to `end`, but for their calls.
  void write(std::size_t i, std::size_t end);

 private:
  bool follows(std::size_t i, std::size_t period, int micro_batches) const;
  void find(std::size_t i);
  void compare();
  void part_at(std::size_t i);

  sim::ProgramBuilder& builder_;
  const std::vector<Action>& actions_;
  PipelineTransfers& transfers_;
  const std::vector<bool>& completes_;
  std::size_t first_ = 0, end_ = 0;                    // actions of the rounds at hand
  std::size_t period_ = 0;                             // 0: they are none
  std::vector<sim::ProgramBuilder::Mark> marks_;       // where the actions of the first two begin, and the third
  std::optional<sim::ProgramBuilder::Stride> stride_;  // once those two have come out alike
};

}  // namespace orrery::models
