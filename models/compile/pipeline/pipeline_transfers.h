#pragma once

#include <array>
#include <span>
#include <vector>

#include "models/compile/pipeline/messages.h"
#include "models/compile/pipeline/slot_times.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Sends and receives between stages, around the actions of one pipeline rank.
//
// Stages that follow each other stand on neighbours around the ring of ranks, or
// on one rank; so activations and gradients go to the next rank or to the one
// before, as the placement says.
//
// Asynchronous (overlap.pipeline): every direction has a stream of its own; a
// receive is posted one action ahead of the one that needs it, in the order in
// which the neighbour sends. Waiting: the main stream itself sends and receives
// between actions, in fused pairs (ncclGroupStart/End) where Megatron-LM fuses:
// in 1F1B when both go to the same neighbour, with virtual stages always. With those
// a message arrives when it is sent, which may be slots before it is needed (slot_times.h).
class PipelineTransfers {
 public:
  explicit PipelineTransfers(StageContext& context);

  // Makes the main stream wait for the input of action `i` of this rank.
  // Returns the receive, or none if the input was made here.
  sim::OpRef before(std::size_t i);
  // Passes on what action `i` made.
  void after(std::size_t i);

  // Whether around action `j` the same happens as around `i`, if both are passes of one kind and virtual stage.
  bool alike(std::size_t i, std::size_t j) const;
  // Around action `i` the same was written as `period` actions before, a stride on.
  void again(std::size_t i, std::size_t period, const sim::ProgramBuilder::Stride& stride);

  // Receive buffers that stay allocated.
  Bytes buffers() const;

 private:
  // Something that travels between neighbours around the ring of ranks.
  struct Edge {
    std::size_t action = 0;  // of this rank
    bool forward = true;     // an activation, else a gradient
    bool to_next = true;     // to the next rank, else to the one before
    int handed_by = 0;       // virtual stage whose output it is, or the gradient of that
    bool next_step = false;  // what is sent in this step is needed in the next (streams without an end)
    int turn = 0;            // whose, of the neighbour's replicas (role::next_in_turn)
  };
  // An overlapped slot has two.
  struct Edges {
    std::array<Edge, 2> edge;
    int count = 0;
    void add(const Edge& e) { edge[static_cast<std::size_t>(count++)] = e; }
    const Edge* begin() const { return edge.data(); }
    const Edge* end() const { return edge.data() + count; }
    bool empty() const { return count == 0; }
  };
  // What is received, in order.
  struct Arrivals {
    std::vector<Edge> edges;
    std::vector<std::size_t> first;  // at each turn, and one past the last; empty: nothing ever comes
    std::span<const Edge> at(std::size_t turn) const {
      if (first.empty()) return {};
      return std::span(edges).subspan(first[turn], first[turn + 1] - first[turn]);
    }
    // Whether at turn `b`, `actions` later, the same comes as at turn `a`.
    bool alike(std::size_t a, std::size_t b, std::size_t actions) const;
  };

  Edges find_inputs(std::size_t i) const;
  const Edges& inputs_of(std::size_t i) const { return inputs_[i]; }
  Edges outputs_of(const Action& action, std::size_t i) const;
  Edges outputs_of(std::size_t i) const { return outputs_of(context_.actions()[i], i); }
  int turn_of(const Action& pass, int other_stage) const;
  std::vector<Edge> sent_by_neighbour(bool to_next) const;
  std::vector<Edge> sent_by_replicas(bool to_next) const;
  void post_receives(std::size_t i);
  void find_gates();
  void find_slots();
  void find_arrivals(const SlotTimes& times);
  void exchange(std::size_t gap);
  int most_early() const;
  bool exchanges_behind(std::size_t i) const { return slots_[slot_of_[i]].end == i + 1; }
  void gather(const Edge& edge);
  bool waiting() const { return !context_.scenario.overlap.pipeline; }
  sim::Transfer transfer(const Edge& edge, bool send) const;
  sim::OpRef receive(sim::StreamIndex stream, const Edge& edge, bool more = false);
  void send(sim::StreamIndex stream, const Edge& edge, bool more = false);
  sim::StreamIndex receive_stream(bool from_rank_before) const {
    return from_rank_before ? context_.streams.receive_forward : context_.streams.receive_backward;
  }
  sim::OpRef& received(const Edge& edge) { return received_[edge.action][edge.forward ? 0 : 1]; }

  StageContext& context_;
  Messages messages_;
  std::vector<Edges> inputs_;                        // by action
  std::vector<std::array<sim::OpRef, 2>> received_;  // by action: its activation, its gradient
  std::array<Arrivals, 2> incoming_;                 // by action: from the rank before, from the next one
  SlotTimes::Slots slots_;                           // waiting: actions between two exchanges
  std::vector<std::size_t> slot_of_;
  Arrivals arrivals_;           // by exchange, the n-th of which stands before slot n
  std::vector<Edge> crossing_;  // in the exchange that is being written
};

}  // namespace orrery::models
