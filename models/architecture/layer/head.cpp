#include <algorithm>

#include "models/architecture/layer/ends.h"
#include "models/architecture/layer/grid_products.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kFp32 = 4;

Linear logits_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"logits", shape.hidden, shape.vocab, false, shape.general_type};
}

std::int64_t logits(const RankShape& shape) {
  return shape.tokens * shape.vocab;
}

// One fp32 number a token, summed or maximised over the ranks' parts of the vocabulary.
void all_reduce_per_token(const RankShape& shape, const std::string& label, StepList& list) {
  if (shape.tp == 1 && !shape.grid.active()) return;
  const LayerGroup group = shape.grid.active() ? grid_vocabulary_group(shape.grid) : LayerGroup::tp;
  list.add(group_step("all-reduce " + label, TransferKind::all_reduce, group, {kFp32 * shape.tokens}));
}

// Fused: the logits stay as they are, and what is left behind is their gradient.
void fused_cross_entropy(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes pass = {logits(shape) * shape.element};
  list.add(memory_step("largest logit", "cross_entropy", pass));
  all_reduce_per_token(shape, "largest logit", list);
  list.add(memory_step("cross-entropy", "cross_entropy", pass * 2));
  all_reduce_per_token(shape, "predicted logit", list);
  all_reduce_per_token(shape, "sum of exp", list);
}

// Megatron-LM's vocab_parallel_cross_entropy on an fp32 copy, in place from there on.
void unfused_cross_entropy(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes pass = {logits(shape) * kFp32};
  if (shape.element != kFp32)
    list.add(memory_step("logits to fp32", "cast", {logits(shape) * (shape.element + kFp32)}));
  list.add(memory_step("largest logit", "cross_entropy", pass));
  all_reduce_per_token(shape, "largest logit", list);
  list.add(memory_step("subtract largest logit", "default", pass * 2));
  all_reduce_per_token(shape, "predicted logit", list);
  list.add(memory_step("exp", "default", pass * 2));
  list.add(memory_step("sum of exp", "cross_entropy", pass));
  all_reduce_per_token(shape, "sum of exp", list);
  list.add(memory_step("softmax of logits", "default", pass * 2));
}

void cross_entropy_backward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  if (context.stack().fused_cross_entropy) {
    list.add(memory_step("cross-entropy backward", "cross_entropy", {logits(shape) * 2 * shape.element}));
    return;
  }
  list.add(memory_step("cross-entropy backward", "default", {logits(shape) * 2 * kFp32}));
  if (shape.element != kFp32)
    list.add(memory_step("logits gradient to 16 bits", "cast", {logits(shape) * (shape.element + kFp32)}));
}

}  // namespace

void head_forward(const LayerContext& context, StepList& list) {
  norm_forward(context, "last norm", list);
  if (context.shape.grid.active())
    grid_logits_forward(context.shape, logits_linear(context), list);
  else
    column_parallel_forward(context.shape, logits_linear(context), list);
  if (context.stack().fused_cross_entropy)
    fused_cross_entropy(context, list);
  else
    unfused_cross_entropy(context, list);
}

void head_backward(const LayerContext& context, StepList& list) {
  cross_entropy_backward(context, list);
  if (context.shape.grid.active())
    grid_logits_backward(context.shape, logits_linear(context), list);
  else
    column_parallel_backward(context.shape, context.stack(), logits_linear(context), list);
  norm_backward(context, "last norm", list);
}

namespace {

void save(const LayerContext& context, PieceWork& work) {
  const RankShape& shape = context.shape;
  const std::int64_t rows = context.stack().regather_inputs ? shape.shard_tokens : shape.tokens;
  work.saved.push_back({"last norm input", shape.shard_hidden(), false});
  work.saved.push_back({"logits input", {grid_kept_input(shape.grid, rows * shape.hidden) * shape.element}, true});
  if (const std::int64_t weight = grid_kept_weight(shape.grid, logits_linear(context)); weight > 0)
    work.saved.push_back({"gathered output layer", {weight * shape.element}, true});
  work.saved.push_back({"logits", {logits(shape) * shape.element}, true});
  const bool copy = context.stack().fp32_logits || !context.stack().fused_cross_entropy;
  if (copy && shape.element != kFp32) work.saved.push_back({"logits in fp32", {logits(shape) * kFp32}, true});
}

}  // namespace

PieceWork head_work(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const Bytes gathered = shape.sequence_parallel ? shape.full_hidden() : Bytes{};
  const bool counted = context.stack().fused_wgrad_accumulation || shape.main_gradient == 0;
  const Bytes loose = {counted ? 0 : shape.vocab * shape.hidden * shape.element};
  PieceWork work;
  StepList forward, backward;
  head_forward(context, forward);
  head_backward(context, backward);
  work.forward = forward.steps();
  set_backward(backward, work);
  save(context, work);
  // Out of place, the shifted logits, their exponentials and the like stand beside the copy that is kept.
  const Bytes copies = {context.stack().fused_cross_entropy ? 0 : context.stack().logit_copies * kFp32 * logits(shape)};
  const Bytes blocks = shape.grid.active() ? grid_workspace(shape, logits_linear(context)) : Bytes{};
  work.forward_transient = std::max({gathered, copies, blocks});
  // The gradient of the logits takes the place of the logits.
  const Bytes sharded_sum = shape.sequence_parallel ? shape.shard_hidden() : Bytes{};
  work.backward_transient = gathered + shape.full_hidden() + sharded_sum + loose + blocks;
  return work;
}

}  // namespace orrery::models
