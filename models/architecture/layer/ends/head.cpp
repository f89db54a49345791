#include <algorithm>
#include <numeric>

#include "models/architecture/layer/ends/ends.h"
#include "models/architecture/layer/grid_products.h"
#include "models/architecture/saved_tensors.h"

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

void head_forward(const LayerContext& context, StepList& list) {
  norm_forward(context, "last norm", list);
  if (context.shape.grid.active())
    grid_logits_forward(context.shape, logits_linear(context), list);
  else
    column_parallel_forward(context.shape, logits_linear(context), list);
}

void head_backward(const LayerContext& context, StepList& list) {
  if (context.shape.grid.active())
    grid_logits_backward(context.shape, logits_linear(context), list);
  else
    column_parallel_backward(context.shape, context.stack(), logits_linear(context), list);
  norm_backward(context, "last norm", list);
}

std::vector<SavedTensor> head_saved(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const std::int64_t rows = context.stack().regather_inputs ? shape.shard_tokens : shape.tokens;
  std::vector<SavedTensor> saved = {
      {"last norm input", shape.shard_hidden(), false},
      {"logits input", {grid_kept_input(shape.grid, rows * shape.hidden) * shape.element}, true}};
  if (const std::int64_t weight = grid_kept_weight(shape.grid, logits_linear(context)); weight > 0)
    saved.push_back({"gathered output layer", {weight * shape.element}, true});
  // Their gradient takes their place.
  saved.push_back({"logits", {logits(shape) * shape.element}, true});
  return saved;
}

// Of the output layer, beside the sum that it is added to; or one that nobody reads: Megatron-Core
// makes it anew each time (tensor_parallel/layers.py: torch.empty(weight.main_grad.shape)).
bool has_loose_gradient(const LayerContext& context) {
  const Stack& stack = context.stack();
  if (context.shape.main_gradient == 0) return false;
  return !stack.fused_wgrad_accumulation || stack.dummy_weight_gradients;
}

// More tensors where each rank has a part of the vocabulary.
int split_copies(const LayerContext& context) {
  return context.shape.tp > 1 ? context.stack().split_logit_copies : 0;
}

// Out of place, the shifted logits, their exponentials and the like stand beside the copy that is kept.
std::vector<Bytes> loss_forward_tensors(const LayerContext& context) {
  if (context.stack().fused_cross_entropy) return {};
  const int copies = context.stack().logit_copies + split_copies(context);
  return std::vector<Bytes>(static_cast<std::size_t>(copies), Bytes{logits(context.shape) * kFp32});
}

// Autograd makes gradients anew. The 16-bit logits that an unfused loss copied are let go before, so the last takes so
// much less.
std::vector<Bytes> loss_backward_tensors(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const int made = context.stack().logit_gradient_copies;
  if (made == 0) return {};
  const bool fused = context.stack().fused_cross_entropy;
  const int copies = made + (fused ? 0 : split_copies(context));
  const std::int64_t width = fused ? shape.element : kFp32;
  std::vector<Bytes> tensors(static_cast<std::size_t>(copies), Bytes{logits(shape) * width});
  if (!fused && shape.element != kFp32) tensors.back() -= Bytes{logits(shape) * shape.element};
  return tensors;
}

Bytes sum_of(const std::vector<Bytes>& tensors) {
  return std::accumulate(tensors.begin(), tensors.end(), Bytes{});
}

}  // namespace

PieceWork head_work(const LayerContext& context) {
  if (has_chunked_head(context)) return chunked_head_work(context);
  const RankShape& shape = context.shape;
  PieceWork work;
  StepList forward, backward;
  head_forward(context, forward);
  head_backward(context, backward);
  work.forward = forward.steps();
  set_backward(context, std::move(backward), work);
  work.saved = head_saved(context);
  const Bytes gathered = new_gathered(context);
  const Bytes sharded_sum = shape.sequence_parallel ? shape.shard_hidden() : Bytes{};
  const Bytes loose = {has_loose_gradient(context) ? shape.vocab * shape.hidden * shape.element : 0};
  const Bytes blocks = shape.grid.active() ? grid_workspace(shape, logits_linear(context)) : Bytes{};
  work.forward_transient = std::max(gathered, blocks);
  work.backward_transient = gathered + shape.full_hidden() + sharded_sum + loose + blocks;
  return work;
}

PieceWork loss_work(const LayerContext& context) {
  if (has_chunked_head(context)) return {};
  const RankShape& shape = context.shape;
  const Stack& stack = context.stack();
  PieceWork work;
  StepList forward, backward;
  if (stack.fused_cross_entropy)
    fused_cross_entropy(context, forward);
  else
    unfused_cross_entropy(context, forward);
  cross_entropy_backward(context, backward);
  work.forward = forward.steps();
  set_backward(context, std::move(backward), work);
  const Bytes copy = {logits(shape) * kFp32};
  if (shape.element != kFp32 && (stack.fp32_logits || !stack.fused_cross_entropy))
    work.saved.push_back({"logits in fp32", copy, false});
  work.forward_tensors = loss_forward_tensors(context);
  work.backward_tensors = loss_backward_tensors(context);
  work.forward_transient = sum_of(work.forward_tensors);
  work.backward_transient = sum_of(work.backward_tensors);
  return work;
}

}  // namespace orrery::models
