#include <algorithm>
#include <iterator>

#include "models/architecture/layer/ends/ends.h"
#include "models/architecture/saved_tensors.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// Both inputs beside each other; the output is split over tp like any column-parallel layer's.
Linear joint_linear(const LayerContext& context) {
  const RankShape& shape = context.shape;
  return {"joint", 2 * shape.hidden, (shape.hidden + shape.tp - 1) / shape.tp, false, shape.linear_type};
}

void join_forward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  norm_forward(context, "next token norm", list);
  norm_forward(context, "hidden norm", list);
  list.add(memory_step("join", "default", shape.shard_hidden() * 4));
  column_parallel_forward(shape, joint_linear(context), list);
  if (shape.tp > 1) list.add(tp_step("all-gather joint", TransferKind::all_gather, shape.full_hidden()));
}

void join_backward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  if (shape.sequence_parallel)
    list.add(tp_step("all-gather joint gradient", TransferKind::all_gather, shape.full_hidden()));
  column_parallel_backward(shape, context.stack(), joint_linear(context), list);
  norm_backward(context, "hidden norm", list);
  norm_backward(context, "next token norm", list);
}

// The parts in the order of the forward pass.
PieceWork joined(const LayerContext& context) {
  const RankShape& shape = context.shape;
  StepList forward, backward;
  embedding_forward(context, forward);
  join_forward(context, forward);
  join_backward(context, backward);
  embedding_backward(context, backward);
  PieceWork work = embedding_work(context);
  work.forward = forward.steps();
  set_backward(context, std::move(backward), work);
  const std::int64_t rows = context.stack().regather_inputs ? shape.shard_tokens : shape.tokens;
  work.saved.push_back({"norm inputs", shape.shard_hidden() * 2, false});
  work.saved.push_back(
      {"joint input", stored_gemm_input(context.scenario.training.precision, rows * 2 * shape.hidden), true});
  return work;
}

}  // namespace

PieceWork mtp_work(const LayerContext& context, const LayerRecompute& again) {
  const PieceWork parts[] = {joined(context), layer_work(context, again), head_work(context), loss_work(context)};
  PieceWork work;
  for (const PieceWork& part : parts) {
    append(work.forward, part.forward);
    work.saved.insert(work.saved.end(), part.saved.begin(), part.saved.end());
    work.forward_transient = std::max(work.forward_transient, part.forward_transient);
    work.backward_transient = std::max(work.backward_transient, part.backward_transient);
  }
  for (auto part = std::rbegin(parts); part != std::rend(parts); ++part) {
    append(work.backward, part->backward);
    append(work.input_gradient, part->input_gradient);
    append(work.weight_gradient, part->weight_gradient);
  }
  work.output = context.shape.shard_hidden();
  return work;
}

}  // namespace orrery::models
