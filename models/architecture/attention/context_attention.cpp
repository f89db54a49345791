#include "models/architecture/attention/context_attention.h"

#include <algorithm>

// Forward, in the order of Transformer Engine's attn_forward_func_with_cp: heads
// are traded for sequence (ulysses), then either all keys and values are gathered,
// or they pass around a ring while the piece at hand is worked on. Backward: the
// same with the gradients of keys and values going back the way they came.

namespace orrery::models {
namespace {

using sim::TransferKind;

// Heads of one rank once sequence and heads are traded. With fewer key heads than
// ranks they are copied out first.
std::int64_t traded_heads(const LayerContext& context) {
  return context.shape.heads / context.split.ulysses;
}
std::int64_t traded_key_heads(const LayerContext& context) {
  return std::max<std::int64_t>(1, context.shape.kv_heads / context.split.ulysses);
}

// The width of keys and values in a rank's own part of the sequence that has all heads.
std::int64_t key_value_width(const LayerContext& context) {
  return traded_key_heads(context) * context.split.ulysses * (context.shape.head_dim + context.shape.value_dim);
}

Bytes keys_and_values(const LayerContext& context) {
  return context.shape.activation(context.shape.tokens, key_value_width(context));
}

LayerStep kernel_step(const LayerContext& context, const AttentionBlock& block, bool backward) {
  const RankShape& shape = context.shape;
  AttentionShape core;
  core.batch = shape.documents;
  core.queries = block.queries;
  core.keys = block.keys;
  core.heads = traded_heads(context);
  core.kv_heads = traded_key_heads(context);
  core.head_dim = static_cast<int>(shape.head_dim);
  core.value_dim = static_cast<int>(shape.value_dim);
  core.dtype = shape.general_type;
  core.causal = block.causal;
  core.backward = backward;
  core.window = context.model().window;
  LayerStep step;
  step.label = backward ? "attention backward" : "attention";
  step.kernel = {core};
  return step;
}

LayerStep context_step(std::string label, TransferKind kind, LayerGroup group, Bytes bytes) {
  LayerStep step = tp_step(std::move(label), kind, bytes);
  step.group = group;
  return step;
}

LayerStep trade_step(const LayerContext& context, std::string label, std::int64_t width) {
  return context_step(std::move(label), TransferKind::all_to_all, LayerGroup::cp_ulysses,
                      context.shape.activation(context.shape.tokens, width));
}

LayerStep shift_step(std::string label, Bytes bytes) {
  LayerStep step = context_step(std::move(label), TransferKind::ring_shift, LayerGroup::cp_ring, bytes);
  step.side = true;
  return step;
}

void trade_inputs(const LayerContext& context, const std::string& what, StepList& list) {
  if (context.split.ulysses > 1)
    list.add(trade_step(context, "all-to-all " + what, context.shape.query + key_value_width(context)));
}

void trade_output(const LayerContext& context, const std::string& what, StepList& list) {
  if (context.split.ulysses > 1) list.add(trade_step(context, "all-to-all " + what, context.shape.output));
}

void gather_keys(const LayerContext& context, StepList& list) {
  list.add(context_step("all-gather keys and values", TransferKind::all_gather, LayerGroup::cp_ring,
                        keys_and_values(context) * context.split.ring));
}

// Outputs of two blocks are weighed by their softmax statistics and added.
void merge_outputs(const LayerContext& context, StepList& list) {
  list.add(memory_step("merge attention outputs", "default",
                       context.shape.activation(context.shape.tokens, 3 * context.shape.output)));
}

std::vector<AttentionBlock> blocks_here(const LayerContext& context) {
  const int rank_in_ring = context.context_rank / context.split.ulysses;
  return attention_blocks(context.split, context.shape.document, rank_in_ring);
}

// The next piece is on its way while the one that has come is worked on.
void ring_forward(const LayerContext& context, StepList& list) {
  const std::vector<AttentionBlock> blocks = blocks_here(context);
  int coming = -1;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const int came = coming;
    if (i + 1 < blocks.size()) coming = list.add(shift_step("shift keys and values", keys_and_values(context)));
    if (blocks[i].queries == 0) continue;
    if (came >= 0) list.next_waits_for(came);
    list.add(kernel_step(context, blocks[i], false));
    if (i > 0) merge_outputs(context, list);
  }
}

// The gradient of a piece of keys follows it around, one step behind, and goes home last.
void ring_backward(const LayerContext& context, StepList& list) {
  const std::vector<AttentionBlock> blocks = blocks_here(context);
  const Bytes piece = keys_and_values(context);
  int coming = -1;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const int came = coming;
    const bool more = i + 1 < blocks.size(), gradient = i >= 2;
    if (more && gradient)
      coming = list.add(shift_step("shift keys, values and gradients", piece * 2));
    else if (more)
      coming = list.add(shift_step("shift keys and values", piece));
    else if (gradient)
      coming = list.add(shift_step("shift gradients of keys and values", piece));
    if (blocks[i].queries == 0) continue;
    if (came >= 0) list.next_waits_for(came);
    list.add(kernel_step(context, blocks[i], true));
    if (i > 0)
      list.add(memory_step("add gradients of queries", "residual_add",
                           context.shape.activation(context.shape.tokens, 3 * context.shape.query)));
  }
  list.next_waits_for(list.add(shift_step("shift gradients of keys and values", piece)));
}

bool gathers(const LayerContext& context) {
  return context.split.ring > 1 && context.split.kind == ContextSplit::Ring::gather;
}

}  // namespace

std::vector<AttentionBlock> attention_blocks(const ContextSplit& split, std::int64_t length, int rank_in_ring) {
  const int ring = split.ring;
  if (ring == 1) return {{length, length, true}};
  const std::int64_t piece = std::max<std::int64_t>(1, length / ring), half = std::max<std::int64_t>(1, piece / 2);
  if (split.kind == ContextSplit::Ring::gather) {
    // Two stretches of queries, each against all keys up to its end; the pair costs the same on every rank.
    const int low = ring / 2;
    return {{half, (low + 1) * half, true}, {half, (2 * ring - low) * half, true}};
  }
  std::vector<AttentionBlock> blocks = {{piece, piece, true}};
  for (int i = 1; i < ring; ++i) {
    if (split.kind == ContextSplit::Ring::zigzag)
      blocks.push_back({piece, half, false});
    else
      blocks.push_back(i <= rank_in_ring ? AttentionBlock{piece, piece, false} : AttentionBlock{});
  }
  return blocks;
}

void flash_forward(const LayerContext& context, StepList& list) {
  trade_inputs(context, "queries, keys and values", list);
  if (gathers(context)) {
    gather_keys(context, list);
    for (const AttentionBlock& block : blocks_here(context)) list.add(kernel_step(context, block, false));
  } else {
    ring_forward(context, list);
  }
  trade_output(context, "attention output", list);
}

void flash_backward(const LayerContext& context, StepList& list) {
  trade_output(context, "gradient of attention output", list);
  if (gathers(context)) {
    gather_keys(context, list);
    for (const AttentionBlock& block : blocks_here(context)) list.add(kernel_step(context, block, true));
    list.add(context_step("reduce-scatter gradients of keys and values", TransferKind::reduce_scatter,
                          LayerGroup::cp_ring, keys_and_values(context) * context.split.ring));
  } else if (context.split.ring > 1) {
    ring_backward(context, list);
  } else {
    list.add(kernel_step(context, blocks_here(context).front(), true));
  }
  trade_inputs(context, "gradients of queries, keys and values", list);
}

Bytes core_keys_and_values(const LayerContext& context) {
  return keys_and_values(context);
}

// Two pieces are in flight around a ring; of what is traded, sent and received stand side by side.
Bytes context_forward_set(const LayerContext& context) {
  const RankShape& shape = context.shape;
  Bytes sum;
  if (context.split.ulysses > 1) sum += shape.activation(shape.tokens, shape.query) + keys_and_values(context);
  if (gathers(context)) return sum + keys_and_values(context) * context.split.ring;
  if (context.split.ring > 1) sum += keys_and_values(context) * 2 + shape.activation(shape.tokens, shape.output);
  return sum;
}

Bytes context_backward_set(const LayerContext& context) {
  const RankShape& shape = context.shape;
  Bytes sum;
  if (context.split.ulysses > 1) sum += shape.activation(shape.tokens, shape.query);
  if (gathers(context)) return sum + keys_and_values(context) * (2 * context.split.ring);
  if (context.split.ring > 1) sum += keys_and_values(context) * 4 + shape.activation(shape.tokens, shape.query);
  return sum;
}

}  // namespace orrery::models
