#include "models/architecture/saved_tensors.h"

#include <algorithm>

#include "models/architecture/attention/context_attention.h"
#include "models/architecture/attention/latent_attention.h"
#include "models/architecture/layer/experts/moe.h"
#include "models/architecture/layer/grid_products.h"
#include "models/architecture/layer/mlp.h"
#include "models/architecture/layer/selective_op.h"

namespace orrery::models {
namespace {

std::int64_t score_elements(const RankShape& shape) {
  return shape.batch * shape.heads * shape.sequence * shape.sequence;
}

// Collects tensors, leaving out the empty ones and, with `again`, those that a
// recomputation brings back.
class Saved {
 public:
  Saved(const LayerContext& context, const LayerRecompute& again) : context_(context), again_(again) {}

  const LayerRecompute& again() const { return again_; }
  // From here on: tensors that come back if `recomputed`.
  void section(bool recomputed) { skips_ = recomputed; }

  void for_input_gradient(std::string label, Bytes bytes) { add(std::move(label), bytes, false); }
  void for_weight_gradient(std::string label, Bytes bytes) { add(std::move(label), bytes, true); }
  void gemm_input(std::string label, std::int64_t elements) {
    const std::int64_t kept = grid_kept_input(context_.shape.grid, elements);
    for_weight_gradient(std::move(label), stored_gemm_input(context_.scenario.training.precision, kept));
  }
  // A cube's weight as it was gathered for the forward.
  void gathered_weight(const Linear& linear) {
    const std::int64_t kept = grid_kept_weight(context_.shape.grid, linear);
    for_input_gradient("gathered " + linear.name, context_.shape.activation(kept, 1));
  }
  void all(const std::vector<SavedTensor>& tensors) {
    for (const SavedTensor& tensor : tensors) add(tensor.label, tensor.bytes, tensor.until_weight_gradient);
  }
  // One byte an element.
  void mask(std::string label, std::int64_t elements) {
    if (context_.dropout()) for_input_gradient(std::move(label), {elements});
  }
  std::vector<SavedTensor> take() && { return std::move(tensors_); }

 private:
  void add(std::string label, Bytes bytes, bool until_weight_gradient) {
    if (bytes.n > 0 && !skips_) tensors_.push_back({std::move(label), bytes, until_weight_gradient});
  }

  const LayerContext& context_;
  const LayerRecompute& again_;
  bool skips_ = false;
  std::vector<SavedTensor> tensors_;
};

// Rows of a column-parallel layer's input as kept: this rank's share when it is
// gathered again for the weight gradient.
std::int64_t kept_rows(const LayerContext& context) {
  return context.stack().regather_inputs ? context.shape.shard_tokens : context.shape.tokens;
}

// `up_again`: queries, keys and values come back.
void save_attention_core(const LayerContext& context, bool up_again, Saved& saved) {
  const RankShape& shape = context.shape;
  const bool whole = context.stack().whole_qkv && !context.model().mla && shape.kv_heads == shape.heads;
  const std::int64_t rotated = whole ? shape.qkv() : shape.query;
  if (!up_again) saved.for_input_gradient("query", shape.activation(shape.tokens, rotated));
  if (context.flash()) {
    if (!up_again) saved.for_input_gradient("key and value", core_keys_and_values(context));
    // One fp32 log-sum-exp for every head and token.
    saved.for_input_gradient("softmax statistics", {4 * shape.heads * shape.tokens});
    return;
  }
  const bool expands = shape.kv_heads < shape.heads;
  const std::int64_t width = expands ? shape.query + shape.output : shape.key + shape.value;
  if (!up_again) saved.for_input_gradient("key and value", shape.activation(shape.tokens, width));
  if (saved.again().core) return;
  const std::int64_t scores = score_elements(shape);
  saved.for_input_gradient("softmax", {scores * shape.element});
  saved.mask("attention dropout mask", scores);
  if (context.dropout()) saved.for_input_gradient("attention dropout", {scores * shape.element});
}

void save_attention(const LayerContext& context, Saved& saved) {
  const RankShape& shape = context.shape;
  const LayerRecompute& again = saved.again();
  saved.for_input_gradient("norm 1 input", shape.shard_hidden());
  saved.section(again.norms);
  // Latent down-projections work on this rank's own tokens.
  const std::int64_t rows = context.model().mla ? shape.shard_tokens : kept_rows(context);
  saved.gemm_input("qkv input", rows * shape.hidden);
  saved.section(again.attention);
  if (!context.model().mla) saved.gathered_weight(qkv_linear(context));
  if (context.model().mla) saved.all(latent_saved(context, again.up_projections));
  if (context.model().qk_norm)
    saved.for_input_gradient("query and key before norm", shape.activation(shape.tokens, shape.query + shape.key));
  save_attention_core(context, context.model().mla && again.up_projections, saved);
  // A flash backward reads the core's output in 16 bits; an 8-bit copy for the
  // projection's weight gradient then comes on top.
  const bool narrow = shape.linear_type != shape.general_type;
  if (narrow && context.flash())
    saved.for_input_gradient("attention output", shape.activation(shape.tokens, shape.output));
  saved.gemm_input("proj input", shape.tokens * shape.output);
  saved.gathered_weight(projection_linear(context));
  saved.section(false);
  saved.mask("residual 1 dropout mask", shape.shard_tokens * shape.hidden);
}

void save_mlp(const LayerContext& context, Saved& saved) {
  const RankShape& shape = context.shape;
  saved.section(saved.again().norms);
  saved.gemm_input("fc1 input", kept_rows(context) * shape.hidden);
  saved.section(saved.again().mlp);
  saved.for_input_gradient("activation input", stored_activation_input(context, shape.tokens * shape.fc1));
  if (context.model().gated() && !context.stack().fused_bias_activation)
    saved.for_input_gradient("gate input", shape.activation(shape.tokens, shape.ffn));
  saved.gemm_input("fc2 input", shape.tokens * shape.ffn);
  saved.gathered_weight(fc1_linear(context, dense_mlp(context)));
  saved.gathered_weight(fc2_linear(context, dense_mlp(context)));
}

// Router and experts read this rank's own tokens.
void save_experts(const LayerContext& context, Saved& saved) {
  saved.section(saved.again().norms);
  saved.gemm_input("expert layer input", context.shape.shard_tokens * context.shape.hidden);
  saved.section(saved.again().experts);
  saved.all(experts_saved(context, saved.again().expert_activation));
}

void save_feed_forward(const LayerContext& context, Saved& saved) {
  const RankShape& shape = context.shape;
  saved.for_input_gradient("norm 2 input", shape.shard_hidden());
  if (context.experts)
    save_experts(context, saved);
  else
    save_mlp(context, saved);
  saved.section(false);
  saved.mask("residual 2 dropout mask", shape.shard_tokens * shape.hidden);
}

// Score matrices that live only while the core runs: the products before the
// softmax, and where nothing is kept its results too.
Bytes core_forward_set(const LayerContext& context, bool kept) {
  if (context.flash()) return context_forward_set(context);
  const std::int64_t scores = score_elements(context.shape), element = context.shape.element;
  if (kept) return {scores * element};
  return {scores * (2 * element + (context.dropout() ? 1 : 0))};
}

// Backward working sets. `residual` is the gradient that flows along the
// residual stream; each set holds it beside what its own steps need.
Bytes mlp_backward_set(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const Bytes whole = shape.full_hidden();
  const Bytes gathered = new_gathered(context);
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
  const Bytes gathered = new_gathered(context);
  const Bytes output = shape.activation(shape.tokens, shape.output);
  const Bytes qkv = shape.activation(shape.tokens, shape.qkv());
  const Bytes sharded_sum = shape.sequence_parallel ? shape.shard_hidden() : Bytes{};
  const Bytes proj = gathered + output;
  Bytes core = output + qkv;
  if (context.flash()) {
    core += {4 * shape.tokens * shape.query};  // the query gradient is summed in fp32
    core += context_backward_set(context);
  } else {
    const std::int64_t scores = score_elements(shape);
    core += {2 * scores * shape.element};  // gradients of the scores before and behind the softmax
    if (core_again) core += {scores * (2 * shape.element + (context.dropout() ? 1 : 0))};
  }
  const Bytes column = qkv + gathered + whole + sharded_sum;
  return std::max({proj, core, column});
}

// Blocks on their way through a grid's products, at the layer where they are largest.
Bytes grid_blocks(const LayerContext& context) {
  Bytes most;
  if (context.shape.grid.active())
    for (const Linear& linear : layer_linears(context)) most = std::max(most, grid_workspace(context.shape, linear));
  return most;
}

// A weight gradient that is not added in place stands by itself for a moment.
Bytes loose_weight_gradient(const LayerContext& context) {
  // Where nothing adds up, all gradients of the piece stand until they are reduced, and are counted there.
  const bool fused = context.stack().fused_wgrad_accumulation && !context.shape.grid.active();
  if (fused || context.shape.main_gradient == 0 || keeps_whole_gradients(context.scenario)) return {};
  std::int64_t largest = 0;
  for (const Linear& linear : layer_linears(context)) largest = std::max(largest, linear.in * linear.out);
  return {largest * context.shape.element};
}

}  // namespace

std::vector<SavedTensor> layer_saved(const LayerContext& context, const LayerRecompute& again) {
  const RankShape& shape = context.shape;
  if (again.everything) return {{"layer input", shape.shard_hidden(), true}};
  if (again.every_second_product) return every_second_saved(context);
  Saved saved(context, again);
  save_attention(context, saved);
  save_feed_forward(context, saved);
  return std::move(saved).take();
}

Bytes layer_dropped(const LayerContext& context, const LayerRecompute& again) {
  LayerRecompute core_only;
  core_only.core = again.core;
  const Bytes all = total(layer_saved(context, core_only)), kept = total(layer_saved(context, again));
  return all > kept ? all - kept : Bytes{};
}

Bytes new_gathered(const LayerContext& context) {
  const bool is_new = context.shape.sequence_parallel && context.stack().gather_buffers == 0;
  return is_new ? context.shape.full_hidden() : Bytes{};
}

Bytes total(const std::vector<SavedTensor>& tensors) {
  Bytes sum;
  for (const SavedTensor& tensor : tensors) sum += tensor.bytes;
  return sum;
}

std::vector<Linear> layer_linears(const LayerContext& context) {
  std::vector<Linear> linears =
      context.model().mla ? latent_linears(context) : std::vector<Linear>{qkv_linear(context)};
  linears.push_back(projection_linear(context));
  const auto add = [&](const Linear& linear) {
    if (linear.in * linear.out > 0) linears.push_back(linear);
  };
  const Mlp mlp = context.experts ? shared_experts(context) : dense_mlp(context);
  add(fc1_linear(context, mlp));
  add(fc2_linear(context, mlp));
  if (context.experts)
    for (const Linear& linear : expert_linears(context)) add(linear);
  return linears;
}

// Gathered inputs live while their GEMM runs; outputs of row-parallel layers are
// whole until they are summed over ranks. What is kept is counted elsewhere, so a
// layer that keeps nothing has its widest tensors here.
Bytes layer_forward_transient(const LayerContext& context, const LayerRecompute& again) {
  const RankShape& shape = context.shape;
  const Bytes column = shape.full_hidden() + (shape.sequence_parallel ? shape.shard_hidden() : Bytes{});
  const Bytes core = core_forward_set(context, !again.everything && !again.core);
  const Bytes experts = context.experts ? experts_forward_set(context) : Bytes{};
  const Bytes blocks = grid_blocks(context);
  if (!again.everything) return std::max({column + blocks, core, experts});
  const Bytes inner = context.experts ? experts + total(experts_saved(context, false))
                                      : shape.activation(shape.tokens, shape.fc1 + shape.ffn);
  const Bytes attention = shape.activation(shape.tokens, shape.qkv() + shape.output) + core;
  return std::max(inner, attention) + column + blocks;
}

Bytes layer_backward_transient(const LayerContext& context, const LayerRecompute& again) {
  const Bytes residual = context.shape.shard_hidden();
  const Bytes feed_forward = context.experts ? experts_backward_set(context) : mlp_backward_set(context);
  const Bytes widest = std::max(feed_forward, attention_backward_set(context, again.core));
  return residual + widest + loose_weight_gradient(context) + grid_blocks(context);
}

}  // namespace orrery::models
