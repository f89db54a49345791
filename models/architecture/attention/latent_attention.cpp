#include "models/architecture/attention/latent_attention.h"

namespace orrery::models {
namespace {

struct LatentPath {
  Linear down;               // out == 0: there is none
  std::int64_t latent = 0;   // columns that are normed and projected up
  std::int64_t carried = 0;  // columns of `down` that pass by: the key's rotary part
  Linear up;
};

LatentPath query_path(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const std::int64_t lora = context.model().mla->q_lora;
  const std::int64_t in = lora > 0 ? lora : shape.hidden;
  LatentPath path;
  if (lora > 0) path.down = {"q down", shape.hidden, lora, false, shape.linear_type};
  path.latent = lora;
  path.up = {lora > 0 ? "q up" : "q", in, shape.query, false, shape.linear_type};
  return path;
}

LatentPath key_value_path(const LayerContext& context) {
  const RankShape& shape = context.shape;
  const MlaSpec& mla = *context.model().mla;
  LatentPath path;
  path.down = {"kv down", shape.hidden, mla.kv_lora + mla.rope_dim, false, shape.linear_type};
  path.latent = mla.kv_lora;
  path.carried = mla.rope_dim;
  path.up = {"kv up", mla.kv_lora, shape.heads * (mla.nope_dim + mla.v_dim), false, shape.linear_type};
  return path;
}

LocalLinear down_projection(const RankShape& shape, const LatentPath& path) {
  return {path.down, shape.shard_tokens, 1, 1};
}

Bytes latent_pass(const RankShape& shape, const LatentPath& path) {
  return shape.activation(shape.shard_tokens, path.latent);
}

// From a latent, as its down-projection left it, to what is projected up.
void before_up(const LayerContext& context, const LatentPath& path, StepList& list) {
  const RankShape& shape = context.shape;
  if (path.latent > 0) norm_forward(context, path.down.name + " norm", latent_pass(shape, path), list);
  // The rotary part of the key is one for all heads, so every rank needs it of every token.
  if (path.carried > 0 && shape.sequence_parallel)
    list.add(
        tp_step("all-gather rotary key", sim::TransferKind::all_gather, shape.activation(shape.tokens, path.carried)));
}

void up_path(const LayerContext& context, const LatentPath& path, StepList& list) {
  before_up(context, path, list);
  column_parallel_forward(context.shape, path.up, list);
}

void path_forward(const LayerContext& context, const LatentPath& path, StepList& list) {
  if (path.latent > 0) local_forward(down_projection(context.shape, path), list);
  up_path(context, path, list);
}

void path_backward(const LayerContext& context, const LatentPath& path, StepList& list) {
  const RankShape& shape = context.shape;
  column_parallel_backward(shape, context.stack(), path.up, list);
  if (path.carried > 0 && shape.tp > 1)
    list.add(tp_step(shape.sequence_parallel ? "reduce-scatter rotary key" : "all-reduce rotary key",
                     shape.sequence_parallel ? sim::TransferKind::reduce_scatter : sim::TransferKind::all_reduce,
                     shape.activation(shape.tokens, path.carried)));
  if (path.latent == 0) return;
  norm_backward(context, path.down.name + " norm", latent_pass(shape, path), list);
  local_backward(shape, context.stack(), down_projection(shape, path), list);
}

// Heads are put together from what was projected up and what carries positions:
// queries and keys are written once more, values once.
void assemble_heads(const LayerContext& context, const std::string& label, StepList& list) {
  const RankShape& shape = context.shape;
  rope(context, (shape.heads + 1) * context.model().mla->rope_dim, label + "rope", list);
  list.add(memory_step(label + "heads", "default", shape.activation(shape.tokens, 2 * shape.qkv())));
}

}  // namespace

void latent_projections_forward(const LayerContext& context, StepList& list) {
  path_forward(context, query_path(context), list);
  path_forward(context, key_value_path(context), list);
  assemble_heads(context, "", list);
}

void latent_up_projections(const LayerContext& context, StepList& list) {
  up_path(context, query_path(context), list);
  up_path(context, key_value_path(context), list);
  assemble_heads(context, "", list);
}

void latent_every_second(const LayerContext& context, EverySecond& products, StepList& list) {
  for (const LatentPath& path : {query_path(context), key_value_path(context)}) {
    if (path.latent > 0 && !products.keeps_next()) local_forward(down_projection(context.shape, path), list);
    before_up(context, path, list);
    if (!products.keeps_next()) column_parallel_forward(context.shape, path.up, list);
  }
  assemble_heads(context, "", list);
}

void latent_every_second_saved(const LayerContext& context, EverySecond& products, std::vector<SavedTensor>& tensors) {
  const RankShape& shape = context.shape;
  for (const LatentPath& path : {query_path(context), key_value_path(context)}) {
    if (path.latent > 0 && products.keeps_next())
      tensors.push_back({path.down.name, shape.activation(shape.shard_tokens, path.down.out), false});
    if (products.keeps_next()) tensors.push_back({path.up.name, shape.activation(shape.tokens, path.up.out), false});
  }
}

void latent_projections_backward(const LayerContext& context, StepList& list) {
  assemble_heads(context, "backward of ", list);
  path_backward(context, key_value_path(context), list);
  path_backward(context, query_path(context), list);
  // Both paths begin at the layer's normed input.
  list.add(memory_step("sum latent gradients", "residual_add", context.shape.shard_hidden() * 3));
}

std::vector<Linear> latent_linears(const LayerContext& context) {
  std::vector<Linear> linears;
  for (const LatentPath& path : {query_path(context), key_value_path(context)}) {
    if (path.latent > 0) linears.push_back(path.down);
    linears.push_back(path.up);
  }
  return linears;
}

std::vector<SavedTensor> latent_saved(const LayerContext& context, bool up_again) {
  const RankShape& shape = context.shape;
  const Precision precision = context.scenario.training.precision;
  std::vector<SavedTensor> saved;
  for (const LatentPath& path : {query_path(context), key_value_path(context)}) {
    if (path.latent == 0) continue;
    const std::int64_t rows = context.stack().regather_inputs ? shape.shard_tokens : shape.tokens;
    saved.push_back({path.down.name + " norm input", latent_pass(shape, path), false});
    if (!up_again) saved.push_back({path.up.name + " input", stored_gemm_input(precision, rows * path.latent), true});
  }
  return saved;
}

}  // namespace orrery::models
