#pragma once

#include <vector>

#include "models/compile/stage_context.h"

namespace orrery::models {

// Sends and receives between stages, around the actions of one pipeline rank.
//
// Asynchronous (overlap.pipeline): every direction has a stream of its own; a
// receive is posted one action ahead of the one that needs it, in the order in
// which the neighbour sends. Waiting: the main stream itself sends and receives
// between actions, in fused pairs (ncclGroupStart/End) where Megatron-LM fuses:
// in 1F1B when both go to the same neighbour, with virtual stages always.
class PipelineTransfers {
 public:
  explicit PipelineTransfers(StageContext& context);

  // Makes the main stream wait for the input of action `i` of this rank.
  // Returns the receive, or none if the input was made here.
  sim::OpRef before(std::size_t i);
  // Passes on what action `i` made.
  void after(std::size_t i);

  // Bytes of one stage's output as a rank sends it.
  Bytes message() const { return message_; }
  // Receive buffers that stay allocated.
  Bytes buffers() const;

 private:
  struct Edge {
    bool exists = false;
    bool forward = true;     // activation to the next stage, else gradient to the previous one
    std::size_t action = 0;  // of this rank
  };
  struct Receive {
    sim::OpRef op;
    bool posted = false;
  };

  Edge input_of(std::size_t i) const;
  Edge output_of(std::size_t i) const;
  std::vector<Edge> sent_by_neighbour(bool forward) const;
  void post_receives(std::size_t i);
  void find_gates();
  void find_slots();
  void exchange(std::size_t slot);
  void gather(std::size_t i);
  bool waiting() const { return !context_.scenario.overlap.pipeline; }
  sim::Transfer transfer(bool forward, bool send) const;

  StageContext& context_;
  Bytes message_;
  std::vector<Receive> receives_;           // by action
  std::vector<std::size_t> forward_order_;  // actions in the order in which their inputs arrive
  std::vector<std::size_t> backward_order_;
  std::vector<std::size_t> forward_gate_;  // parallel: the action whose turn posts the receive
  std::vector<std::size_t> backward_gate_;
  std::size_t forward_posted_ = 0, backward_posted_ = 0;
  std::vector<std::vector<std::size_t>> slots_;  // waiting: actions between two exchanges
  std::vector<std::size_t> slot_of_;
};

}  // namespace orrery::models
