#include <algorithm>

#include "models/architecture/layer/ends/ends.h"
#include "models/architecture/layer/grid_products.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kTokenIdBytes = 8;  // int64

// Learned positions are added to whole sequences, so Megatron-LM then sums the
// lookup over ranks first and cuts the sequence afterwards.
bool sums_before_cut(const LayerContext& context) {
  return context.shape.sequence_parallel && context.model().positions == Positions::learned;
}

void sum_lookup(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  if (shape.tp == 1) return;
  if (shape.sequence_parallel && !sums_before_cut(context))
    list.add(tp_step("reduce-scatter embedding", TransferKind::reduce_scatter, shape.full_hidden()));
  else
    list.add(tp_step("all-reduce embedding", TransferKind::all_reduce, shape.full_hidden()));
}

}  // namespace

void embedding_forward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  if (shape.grid.active()) {
    grid_embedding_forward(shape, list);
  } else {
    list.add(
        memory_step("embedding lookup", "embedding", shape.full_hidden() * 2 + Bytes{kTokenIdBytes * shape.tokens}));
    sum_lookup(context, list);
  }
  if (context.model().positions == Positions::learned)
    list.add(memory_step("add positions", "residual_add", shape.full_hidden() * 3));
  if (sums_before_cut(context)) list.add(memory_step("cut sequence", "default", shape.shard_hidden() * 2));
  if (context.dropout())
    list.add(memory_step("embedding dropout", "dropout",
                         shape.shard_hidden() * 2 + Bytes{shape.shard_tokens * shape.hidden}));
}

// All of it is weight gradient: nobody wants the gradient of token ids. The
// table's gradient is dense, zeroed and added to the main gradient as a whole
// (torch.nn.functional.embedding knows no accumulation in place).
void embedding_backward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const std::int64_t table = shape.vocab * shape.hidden;
  if (context.dropout())
    list.add_weight(memory_step("embedding dropout backward", "dropout",
                                shape.shard_hidden() * 2 + Bytes{shape.shard_tokens * shape.hidden}));
  if (shape.grid.active()) return grid_embedding_backward(shape, list);
  if (shape.sequence_parallel)
    list.add_weight(tp_step("all-gather embedding gradient", TransferKind::all_gather, shape.full_hidden()));
  list.add_weight(memory_step("zero table gradient", "zero", {table * shape.element}));
  list.add_weight(memory_step("embedding backward", "embedding", shape.full_hidden() * 2));
  if (shape.main_gradient > 0) list.add_weight(memory_step("embedding accumulate", "axpy", shape.accumulated(table)));
}

PieceWork embedding_work(const LayerContext& context) {
  const RankShape& shape = context.shape;
  PieceWork work;
  StepList forward, backward;
  embedding_forward(context, forward);
  embedding_backward(context, backward);
  work.forward = forward.steps();
  set_backward(context, std::move(backward), work);
  work.saved.push_back({"token ids", {kTokenIdBytes * shape.tokens}, true});
  if (context.dropout()) work.saved.push_back({"embedding dropout mask", {shape.shard_tokens * shape.hidden}, true});
  work.forward_transient = shape.full_hidden() * shape.grid.side;
  const bool gathers = shape.sequence_parallel || shape.grid.active();
  const Bytes gathered = gathers ? shape.full_hidden() * shape.grid.side : Bytes{};
  const Bytes table{shape.main_gradient > 0 ? shape.vocab * shape.hidden * shape.element : 0};
  work.backward_transient = shape.shard_hidden() + gathered + table;
  work.output = shape.shard_hidden();
  return work;
}

}  // namespace orrery::models
