// The output layer and its loss in one, chunk of tokens by chunk of tokens, so that the logits never stand whole.
// Liger-Kernel (linkedin/Liger-Kernel, ops/fused_linear_cross_entropy.py): as many chunks as the vocabulary is
// wider than the model, their tokens rounded up to a power of two; each chunk's gradients are found at once, in
// the forward pass, and the backward pass hands them on.
#include <algorithm>
#include <bit>

#include "models/architecture/layer/ends/ends.h"

namespace orrery::models {
namespace {

std::int64_t chunk_tokens(const RankShape& shape) {
  const std::int64_t chunks = (shape.vocab + shape.hidden - 1) / shape.hidden;
  const std::int64_t least = (shape.tokens + chunks - 1) / chunks;
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(least, 1))));
}

void chunk(const LayerContext& context, std::int64_t tokens, StepList& list) {
  const RankShape& shape = context.shape;
  const LocalLinear logits{{"logits", shape.hidden, shape.vocab, false, shape.general_type}, tokens, 1, 1};
  local_forward(logits, list);
  // Read once for the sum of exponentials, and once more to be overwritten by their gradient.
  list.add(memory_step("cross-entropy", "cross_entropy", {3 * tokens * shape.vocab * shape.element}));
  RankShape of_chunk = shape;
  of_chunk.main_gradient = 0;  // chunks add up in the gradient that the backward pass hands on
  local_backward(of_chunk, context.stack(), logits, list);
}

void hand_on_gradient(const RankShape& shape, StepList& list) {
  if (shape.main_gradient == 0) return;
  list.add_weight(memory_step("logits accumulate", "axpy", shape.accumulated(shape.vocab * shape.hidden)));
}

}  // namespace

bool has_chunked_head(const LayerContext& context) {
  return context.stack().chunked_loss && context.shape.tp == 1 && !context.shape.grid.active();
}

PieceWork chunked_head_work(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const std::int64_t each = chunk_tokens(shape);
  StepList forward, backward;
  norm_forward(context, "last norm", forward);
  for (std::int64_t done = 0; done < shape.tokens; done += each)
    chunk(context, std::min(each, shape.tokens - done), forward);
  hand_on_gradient(shape, backward);
  norm_backward(context, "last norm", backward);

  PieceWork work;
  work.forward = forward.steps();
  set_backward(context, std::move(backward), work);
  work.saved = {{"last norm input", shape.full_hidden(), false},
                {"gradient of the logits input", shape.full_hidden(), false},
                {"gradient of the output layer", {shape.vocab * shape.hidden * shape.element}, true}};
  work.forward_transient = shape.full_hidden() + shape.activation(std::min(each, shape.tokens), shape.vocab);
  work.backward_transient = shape.full_hidden();
  return work;
}

}  // namespace orrery::models
