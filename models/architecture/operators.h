#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "models/scenario/scenario.h"
#include "sim/program.h"

namespace orrery::models {

// What one rank does for one micro-batch in one piece of the model (a
// transformer layer, the embedding, the head), as a list of steps in the order
// in which a framework issues them. `models/compile` lowers steps to ops; it
// knows nothing of transformers, and this knows nothing of schedules.

// Groups that a layer's own collectives run in. compile maps them to roles.
// Where the layer before has another tensor-parallel degree, tp_before is that one's group, and
// tp_samples are the ranks that have different samples at the smaller of both degrees.
// Context-parallel ranks are split once more: those that trade heads for sequence, and the ring of the rest.
// Of a tensor-parallel grid (models/layout/tensor_grid.h): ranks that differ in row, in column, in level.
// Among experts: all ranks that exchange tokens (ep), those of them in one NVLink
// domain (ep_node), those with the same place in every domain (ep_rail), and the
// ranks that split an expert (etp).
enum class LayerGroup : std::uint8_t {
  tp,
  tp_before,
  tp_samples,
  tp_row,
  tp_column,
  tp_level,
  cp_ulysses,
  cp_ring,
  ep,
  ep_node,
  ep_rail,
  etp
};

struct LayerStep {
  // host_sync: the host waits for the step before it and only then issues more.
  enum class Kind : std::uint8_t { kernel, collective, host_sync };
  Kind kind = Kind::kernel;
  std::string label;  // "qkv", "attention", "all-gather x"…
  Kernel kernel;      // kernel
  sim::TransferKind collective = sim::TransferKind::all_reduce;
  LayerGroup group = LayerGroup::tp;
  Bytes bytes;  // of the collective, nccl-tests sense

  // A step on the side stream runs beside the main stream: it starts when the
  // step before it in the list (of either stream) is done, and side steps run one
  // after the other. Main steps wait only for main steps, except for one that
  // names a side step in `waits_for` (as Megatron-LM overlaps a reduce-scatter
  // with the weight gradient). Every side step is waited for before the list ends.
  bool side = false;
  int waits_for = -1;       // index of an earlier side step in the same list; -1: nothing but order
  bool recomputed = false;  // forward step that only repeats work for the backward pass
  int launches = 1;         // what the host issues for it
};

// A tensor that stays from its forward to its backward, with what for.
struct SavedTensor {
  std::string label;
  Bytes bytes;
  bool until_weight_gradient = true;  // else it is free after the input gradient
};

struct PieceWork {
  std::vector<LayerStep> forward;
  std::vector<LayerStep> input_gradient;   // recomputation, if any, comes first
  std::vector<LayerStep> weight_gradient;  // may be run right behind each data gradient when fused
  std::vector<LayerStep> backward;         // the fused order: data and weight gradients as frameworks interleave them
  std::vector<SavedTensor> saved;          // kept per micro-batch in flight
  Bytes forward_transient;                 // largest extra memory during forward (gathered inputs, workspaces)
  Bytes backward_transient;                // during backward, incl. what recomputation brings back
  // What a transient is made of, for a replay of the allocator, where that matters: tensors as large as logits. Empty:
  // one tensor.
  std::vector<Bytes> forward_tensors, backward_tensors;
  Bytes output;  // what is handed to the next piece or stage, on this rank
};

// The embedding of the first stage, one transformer layer, a multi-token-prediction
// module, final norm + output layer, or the loss, which has no parameters.
enum class PieceKind : std::uint8_t { embedding, layer, mtp, head, loss };

// Tensor-parallel degree of a piece, and of the one whose output it takes. Only layers have
// degrees of their own (layout.by_layers); nothing stands before the embedding but itself.
int piece_degree(const Scenario& scenario, PieceKind kind, int layer);
int degree_before(const Scenario& scenario, PieceKind kind, int layer);

// Steps and memory of one piece on one rank. `layer` is its global index
// (MoE placement depends on it); `layer_in_rank` counts from 0 on this pipeline
// rank over its chunks (recomputation depends on it); `context_rank` is the rank's
// place in its context-parallel group, which matters where those differ
// (ContextSplit::uneven), and `expert_rank` that in its expert-parallel group, which
// matters where routing is uneven.
//
// `input_gradient` and `weight_gradient` are the two halves of `backward`, each
// by itself on the main stream; not to be looked at where `halves` are not asked for. See docs/operators.md for the
// list.
PieceWork piece_work(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, int context_rank = 0,
                     int expert_rank = 0, bool halves = true);

// Whether two layers of a rank do the same: piece_work and piece_parameters of both are equal.
bool works_alike(const Scenario& scenario, int layer, int layer_in_rank, int other, int other_in_rank);

// The number format that the linear layers of a layer multiply.
Dtype linear_dtype(Precision precision);

// Whether autograd's 16-bit gradients of all of a micro-batch stand until its backward is done, and are added to
// 32-bit sums then (nanotron's FP32GradientAccumulator, DeepSpeed's BF16_Optimizer).
bool keeps_whole_gradients(const Scenario& scenario);

// What Transformer Engine holds beside its fused weight gradients: for each weight
// shape of a rank's `layers` one gradient that nobody reads, in the weights' 16 bits,
// from the first backward on (get_dummy_wgrad keeps one a shape for the whole process).
std::vector<Bytes> dummy_weight_gradients(const Scenario& scenario, const std::vector<int>& layers);

}  // namespace orrery::models
