#pragma once

#include <vector>

#include "models/architecture/layer/mlp.h"

namespace orrery::models {

// A layer's experts on one rank (docs/moe.md): router, dispatch, the rank's
// experts as grouped products, combine, and shared experts as an ordinary MLP
// beside them. Internal to this room.

// What one rank of the expert grid sees of one micro-batch.
struct ExpertShape {
  std::int64_t tokens = 0;        // that this rank routes: its own part of the sequence
  std::int64_t copies = 0;        // tokens x top_k that it sends out, or what capacity makes of it
  std::int64_t received = 0;      // copies that its experts work on, after the gather over etp
  std::int64_t experts = 0;       // of this rank
  std::int64_t ffn = 0, fc1 = 0;  // columns of an expert's part on this rank
  // Of an all-to-all, nccl-tests sense: the busiest rank's; and of that, what crosses domains when a token goes to
  // each once; 0: it does not.
  struct Exchange {
    Bytes all, across;
  };
  Exchange to_experts, from_experts;
  int ep = 1, etp = 1;

  bool deduplicates() const { return to_experts.across.n > 0; }
  std::int64_t rows() const { return (received + experts - 1) / experts; }  // of an expert
};
ExpertShape expert_shape(const LayerContext& context);

// Of `nodes` nodes with equal parts of `experts`, how many a token's top_k experts
// are expected to lie on when they are drawn evenly, from `limit` nodes at most
// (0: no limit): limit (1 - C(E - E/limit, k) / C(E, k)) with E the experts of those.
double expected_nodes(int nodes, int experts, int top_k, int limit);

void experts_forward(const LayerContext& context, StepList& list);
// `activates_again`: the inputs of second products were not kept.
void experts_backward(const LayerContext& context, bool activates_again, StepList& list);

// What selective-op repeats of a forward: all up to what the last product of a rank's own experts reads, and that
// product where shared experts come behind it. Exchanges are kept; the host waits for the token counts again.
void experts_again(const LayerContext& context, StepList& list);
// Copies as they came back from exchanges, to experts and from them.
std::vector<SavedTensor> exchanges_saved(const LayerContext& context);

// The experts that every token meets; ffn 0: none.
Mlp shared_experts(const LayerContext& context);
// fc1 and fc2 of one expert.
std::vector<Linear> expert_linears(const LayerContext& context);

// What is kept besides the input of the layer's second norm and its output.
std::vector<SavedTensor> experts_saved(const LayerContext& context, bool activates_again);
// The largest sum of tensors that live only while the forward, or the backward, runs.
Bytes experts_forward_set(const LayerContext& context);
Bytes experts_backward_set(const LayerContext& context);

}  // namespace orrery::models
