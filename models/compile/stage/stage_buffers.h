#pragma once

#include <string_view>
#include <vector>

#include "models/compile/data_parallel/offload.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/stage/held.h"
#include "models/compile/stage/stage_context.h"
#include "models/memory/start_up.h"

namespace orrery::models {

// What a stage's program holds, and what it allocates and frees along its passes: what
// pieces keep for their backward, workspaces, the stage's outputs. A pass is an action, or
// one of the two of an overlapped slot.
class StageBuffers {
 public:
  // `lists`: of what is held in any stage of the scenario.
  StageBuffers(StageContext& context, const Chunks& chunks, KeptLists& lists);

  // From before the first step on: parameters, gradients, optimizer states and `inputs`,
  // the buffers of stage inputs.
  void hold_states(Bytes inputs);
  // That the software keeps and nobody reads, if it does so (dummy_weight_gradients).
  void hold_unread_gradients();
  // That take what tensor parallelism gathers, if the software keeps such (gather_buffers).
  void hold_gather_buffers();
  // What the micro-batches that are in flight between two steps keep. Every forward
  // takes as much as the backward behind it frees, so this much is always held.
  void hold_in_flight();

  // What hold_states and hold_unread_gradients hold, by tensors: for a replay of the allocator.
  const HeldWeights& held() const { return held_; }

  void begin_pass(const Action& pass);
  void begin_piece(const Action& pass, std::size_t piece);
  void end_piece(const Action& pass, std::size_t piece);
  void end_pass(const Action& pass);
  // Before the first buffer that comes along with a pass is made. The first of those that came along with its forward;
  // of a forward it is `made`.
  std::uint32_t begin_call(const Action& pass, std::uint32_t made);
  // What is held of a pass's micro-batch in its chunk, and the output on its way out.
  Held held_of(const Action& pass);
  void set_held(const Action& pass, const Held& held);

  // A stage's output has left by the time the next action begins (Megatron-LM's
  // deallocate_output_tensor keeps only its shape).
  void free_output();

 private:
  static constexpr std::uint32_t kNoBuffer = UINT32_MAX;

  void hold(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts = 0);
  void hold_state(Bytes bytes, MemoryCause cause, std::string_view label);
  std::uint32_t allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts = 0);
  void keep_activations(const Action& pass, std::size_t piece);
  int held_as(const Action& pass) const;
  std::size_t place(const Action& pass) const;
  static std::int64_t counted_from(std::int64_t first, std::uint32_t buffer);
  std::uint32_t& slot(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) const;
  const Kept* kept_at(std::size_t place);
  void list_slots(const Action& pass);
  void release(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece);
  const std::vector<PieceTemplate>& pieces_of(const Action& pass) const {
    return chunks_[static_cast<std::size_t>(context_.chunk_of(pass))];
  }

  StageContext& context_;
  sim::ProgramBuilder& builder_;
  const Chunks& chunks_;
  ActivationOffload offload_;
  HeldWeights held_;
  std::uint32_t workspace_[2] = {kNoBuffer, kNoBuffer};  // of the forward and the backward under way
  std::uint32_t output_ = kNoBuffer;                     // the stage output that is on its way out
  const int micro_batches_;
  // Buffers of live activations by (chunk, micro-batch, piece): see slot().
  std::size_t most_pieces_ = 1;
  std::vector<std::uint32_t> until_input_, until_weight_, outputs_;
  // By (chunk, micro-batch): what a call has left in those slots, which say so only once a pass is written; else null.
  std::vector<const Kept*> left_by_call_;
  KeptLists& lists_;
  std::vector<std::uint32_t> first_;  // buffer that came along with a forward, by (chunk, micro-batch): see place()
};

}  // namespace orrery::models
