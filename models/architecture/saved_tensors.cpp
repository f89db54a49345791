#include "models/architecture/saved_tensors.h"

#include <algorithm>

namespace orrery::models {
namespace {

std::int64_t score_elements(const RankShape& shape) {
  return shape.batch * shape.heads * shape.sequence * shape.sequence;
}

// Collects tensors, leaving out the empty ones.
class Saved {
 public:
  explicit Saved(const LayerContext& context) : context_(context) {}

  void for_input_gradient(std::string label, Bytes bytes) { add(std::move(label), bytes, false); }
  void for_weight_gradient(std::string label, Bytes bytes) { add(std::move(label), bytes, true); }
  void gemm_input(std::string label, std::int64_t elements) {
    for_weight_gradient(std::move(label), stored_gemm_input(context_.scenario.training.precision, elements));
  }
  // One byte an element.
  void mask(std::string label, std::int64_t elements) {
    if (context_.dropout()) for_input_gradient(std::move(label), {elements});
  }
  std::vector<SavedTensor> take() && { return std::move(tensors_); }

 private:
  void add(std::string label, Bytes bytes, bool until_weight_gradient) {
    if (bytes.n > 0) tensors_.push_back({std::move(label), bytes, until_weight_gradient});
  }

  const LayerContext& context_;
  std::vector<SavedTensor> tensors_;
};

// Rows of a column-parallel layer's input as kept: this rank's share when it is
// gathered again for the weight gradient.
std::int64_t kept_rows(const LayerContext& context) {
  return context.stack().regather_inputs ? context.shape.shard_tokens : context.shape.tokens;
}

void save_attention_core(const LayerContext& context, bool core_again, Saved& saved) {
  const RankShape& shape = context.shape;
  const bool expands = !context.flash() && shape.kv_heads < shape.heads;
  const std::int64_t key = expands ? shape.query : shape.key;
  saved.for_input_gradient("query", shape.activation(shape.tokens, shape.query));
  saved.for_input_gradient("key", shape.activation(shape.tokens, key));
  saved.for_input_gradient("value", shape.activation(shape.tokens, key));
  if (context.flash()) {
    // One fp32 log-sum-exp for every head and token.
    saved.for_input_gradient("softmax statistics", {4 * shape.heads * shape.tokens});
    return;
  }
  if (core_again) return;
  const std::int64_t scores = score_elements(shape);
  saved.for_input_gradient("softmax", {scores * shape.element});
  saved.mask("attention dropout mask", scores);
  if (context.dropout()) saved.for_input_gradient("attention dropout", {scores * shape.element});
}

void save_attention(const LayerContext& context, bool core_again, Saved& saved) {
  const RankShape& shape = context.shape;
  saved.for_input_gradient("norm 1 input", shape.shard_hidden());
  saved.gemm_input("qkv input", kept_rows(context) * shape.hidden);
  if (context.model().qk_norm)
    saved.for_input_gradient("query and key before norm", shape.activation(shape.tokens, shape.query + shape.key));
  save_attention_core(context, core_again, saved);
  // A flash backward reads the core's output in 16 bits; an 8-bit copy for the
  // projection's weight gradient then comes on top.
  const bool narrow = shape.linear_type != shape.general_type;
  if (narrow && context.flash())
    saved.for_input_gradient("attention output", shape.activation(shape.tokens, shape.query));
  saved.gemm_input("proj input", shape.tokens * shape.query);
  saved.mask("residual 1 dropout mask", shape.shard_tokens * shape.hidden);
}

void save_mlp(const LayerContext& context, Saved& saved) {
  const RankShape& shape = context.shape;
  saved.for_input_gradient("norm 2 input", shape.shard_hidden());
  saved.gemm_input("fc1 input", kept_rows(context) * shape.hidden);
  saved.for_input_gradient("activation input", shape.activation(shape.tokens, shape.fc1));
  if (context.model().gated() && !context.stack().fused_bias_activation)
    saved.for_input_gradient("gate input", shape.activation(shape.tokens, shape.ffn));
  saved.gemm_input("fc2 input", shape.tokens * shape.ffn);
  saved.mask("residual 2 dropout mask", shape.shard_tokens * shape.hidden);
}

// Score matrices that live only while the core runs: the products before the
// softmax, and where nothing is kept its results too.
Bytes core_forward_set(const LayerContext& context, bool kept) {
  if (context.flash()) return {};
  const std::int64_t scores = score_elements(context.shape), element = context.shape.element;
  if (kept) return {scores * element};
  return {scores * (2 * element + (context.dropout() ? 1 : 0))};
}

// Backward working sets. `residual` is the gradient that flows along the
// residual stream; each set holds it beside what its own steps need.
Bytes mlp_backward_set(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const Bytes whole = shape.full_hidden();
  const Bytes gathered = shape.sequence_parallel ? whole : Bytes{};
  const Bytes inner = shape.activation(shape.tokens, shape.ffn);
  const Bytes outer = shape.activation(shape.tokens, shape.fc1);
  const Bytes sharded_sum = shape.sequence_parallel ? shape.shard_hidden() : Bytes{};
  const Bytes fc2 = gathered + inner;
  const Bytes activation = inner + outer;
  const Bytes fc1 = outer + gathered + whole + sharded_sum;
  return std::max({fc2, activation, fc1});
}

Bytes attention_backward_set(const LayerContext& context, bool core_again) {
  const RankShape& shape = context.shape;
  const Bytes whole = shape.full_hidden();
  const Bytes gathered = shape.sequence_parallel ? whole : Bytes{};
  const Bytes output = shape.activation(shape.tokens, shape.query);
  const Bytes qkv = shape.activation(shape.tokens, shape.qkv());
  const Bytes sharded_sum = shape.sequence_parallel ? shape.shard_hidden() : Bytes{};
  const Bytes proj = gathered + output;
  Bytes core = output + qkv;
  if (context.flash()) {
    core += {4 * shape.tokens * shape.query};  // the query gradient is summed in fp32
  } else {
    const std::int64_t scores = score_elements(shape);
    core += {2 * scores * shape.element};  // gradients of the scores before and behind the softmax
    if (core_again) core += {scores * (2 * shape.element + (context.dropout() ? 1 : 0))};
  }
  const Bytes column = qkv + gathered + whole + sharded_sum;
  return std::max({proj, core, column});
}

// A weight gradient that is not added in place stands by itself for a moment.
Bytes loose_weight_gradient(const LayerContext& context) {
  if (context.stack().fused_wgrad_accumulation) return {};
  const Linear fc1 = fc1_linear(context), qkv = qkv_linear(context);
  return {std::max(fc1.in * fc1.out, qkv.in * qkv.out) * context.shape.element};
}

}  // namespace

std::vector<SavedTensor> layer_saved(const LayerContext& context, bool core_again) {
  Saved saved(context);
  save_attention(context, core_again, saved);
  save_mlp(context, saved);
  return std::move(saved).take();
}

Bytes total(const std::vector<SavedTensor>& tensors) {
  Bytes sum;
  for (const SavedTensor& tensor : tensors) sum += tensor.bytes;
  return sum;
}

// Gathered inputs live while their GEMM runs; outputs of row-parallel layers are
// whole until they are summed over ranks. What is kept is counted elsewhere, so a
// layer that keeps nothing has its widest tensors here.
Bytes layer_forward_transient(const LayerContext& context, LayerRecompute recompute) {
  const RankShape& shape = context.shape;
  const Bytes column = shape.full_hidden() + (shape.sequence_parallel ? shape.shard_hidden() : Bytes{});
  const Bytes core = core_forward_set(context, recompute == LayerRecompute::nothing);
  if (recompute != LayerRecompute::everything) return std::max(column, core);
  const Bytes mlp = shape.activation(shape.tokens, shape.fc1 + shape.ffn);
  const Bytes attention = shape.activation(shape.tokens, shape.qkv() + shape.query) + core;
  return std::max(mlp, attention) + column;
}

Bytes layer_backward_transient(const LayerContext& context, bool core_again) {
  const Bytes residual = context.shape.shard_hidden();
  const Bytes widest = std::max(mlp_backward_set(context), attention_backward_set(context, core_again));
  return residual + widest + loose_weight_gradient(context);
}

}  // namespace orrery::models
