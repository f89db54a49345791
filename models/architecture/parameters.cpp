#include "models/architecture/parameters.h"

#include <algorithm>

#include "models/architecture/operators.h"
#include "models/layout/layer_degrees.h"
#include "models/layout/tensor_grid.h"

namespace orrery::models {

bool has_experts(const ModelSpec& model, int layer) {
  if (!model.moe || layer < model.moe->dense_layers) return false;
  return (layer - model.moe->dense_layers) % std::max(1, model.moe->every) == 0;
}

namespace {

struct Split {
  std::int64_t split = 0;       // over tp
  std::int64_t replicated = 0;  // on every tp rank
};

std::int64_t norm_width(const ModelSpec& model) {
  return model.norm == Norm::rmsnorm ? 1 : 2;
}

std::int64_t linears_of_mlp(const ModelSpec& model) {
  return model.gated() ? 3 : 2;
}

// Weights of the latent attention: down-projections and their norms are small
// and whole on every rank, up-projections are split by heads.
Split latent_attention(const ModelSpec& model, std::int64_t tp) {
  const MlaSpec& mla = *model.mla;
  const std::int64_t h = model.hidden, heads = model.heads / tp;
  const std::int64_t query_dim = mla.nope_dim + mla.rope_dim;
  Split size;
  if (mla.q_lora > 0) {
    size.replicated += mla.q_lora * h + mla.q_lora * norm_width(model);
    size.split += mla.q_lora * heads * query_dim;
  } else {
    size.split += h * heads * query_dim;
  }
  size.replicated += h * (mla.kv_lora + mla.rope_dim) + mla.kv_lora * norm_width(model);
  size.split += mla.kv_lora * heads * (mla.nope_dim + mla.v_dim) + heads * mla.v_dim * h;
  return size;
}

Split attention(const ModelSpec& model, std::int64_t tp) {
  if (model.mla) return latent_attention(model, tp);
  const std::int64_t query = model.heads / tp * model.head_dim;
  const std::int64_t key = std::max<std::int64_t>(1, model.kv_heads / tp) * model.head_dim;
  Split size;
  size.split = model.hidden * (2 * query + 2 * key);
  if (model.bias || model.qkv_bias) size.split += query + 2 * key;
  if (model.bias) size.replicated += model.hidden;
  if (model.qk_norm) size.replicated += 2 * model.head_dim * norm_width(model);
  return size;
}

// An MLP `width` wide on this rank.
Split mlp(const ModelSpec& model, std::int64_t width) {
  Split size;
  size.split = linears_of_mlp(model) * model.hidden * width;
  if (model.bias) {
    size.split += (linears_of_mlp(model) - 1) * width;
    size.replicated += model.hidden;
  }
  return size;
}

std::int64_t expert(const ModelSpec& model, std::int64_t etp) {
  const Split size = mlp(model, model.moe->ffn / etp);
  return size.split + size.replicated;
}

PieceParameters layer_parameters(const ModelSpec& model, const LayoutSpec& layout, int layer) {
  PieceParameters size;
  Split dense = attention(model, layout.tp);
  dense.replicated += 2 * model.hidden * norm_width(model);
  if (has_experts(model, layer)) {
    const MoeSpec& moe = *model.moe;
    dense.replicated += static_cast<std::int64_t>(moe.experts) * model.hidden;  // router
    if (moe.shared_experts > 0) dense.split += mlp(model, moe.shared_experts * moe.ffn / layout.tp).split;
    size.experts = moe.experts / layout.ep * expert(model, layout.etp);
  } else {
    const Split feed_forward = mlp(model, model.ffn / layout.tp);
    dense.split += feed_forward.split;
    dense.replicated += feed_forward.replicated;
  }
  size.tp_split = dense.split;
  size.tp_replicated = dense.replicated;
  return size;
}

std::int64_t largest_layer_weight(const ModelSpec& model, const LayoutSpec& layout, int layer) {
  const std::int64_t h = model.hidden;
  const std::int64_t gate = model.gated() ? 2 : 1;
  if (has_experts(model, layer)) return gate * h * model.moe->ffn / layout.etp;
  const std::int64_t qkv = model.mla ? 0 : h * (model.heads + 2 * model.kv_heads) / layout.tp * model.head_dim;
  return std::max(gate * h * model.ffn / layout.tp, qkv);
}

std::int64_t layer_total(const ModelSpec& model, int layer) {
  static const LayoutSpec kOneRank;
  const PieceParameters size = layer_parameters(model, kOneRank, layer);
  return size.dense() + size.experts;
}

std::int64_t idle_experts(const ModelSpec& model, int layer) {
  if (!has_experts(model, layer)) return 0;
  return (model.moe->experts - model.moe->top_k) * expert(model, 1);
}

// A multi-token-prediction module: a layer like the last one, the projection of
// two hidden states to one, a norm for each of the three. It shares both embeddings.
std::int64_t mtp_module(const ModelSpec& model) {
  const std::int64_t h = model.hidden;
  return layer_total(model, model.layers - 1) + 2 * h * h + 3 * h * norm_width(model);
}

std::int64_t position_table(const ModelSpec& model, std::int64_t positions) {
  return model.positions == Positions::learned ? positions * model.hidden : 0;
}

PieceParameters embedding_parameters(const Scenario& scenario) {
  PieceParameters size;
  size.tp_split = padded_vocab(scenario.model, scenario.layout) / scenario.layout.tp * scenario.model.hidden;
  size.positions = position_table(scenario.model, scenario.training.sequence_length);
  size.tables = size.dense();
  size.largest_weight = size.tp_split;
  return size;
}

// Tied, the last stage has a copy of the embedding unless it is also the first.
PieceParameters head_parameters(const Scenario& scenario) {
  PieceParameters size;
  const std::int64_t table = padded_vocab(scenario.model, scenario.layout) / scenario.layout.tp * scenario.model.hidden;
  if (!scenario.model.tied_embeddings || scenario.layout.pp > 1) size.tp_split = table;
  size.tp_replicated = scenario.model.hidden * norm_width(scenario.model);
  size.tables = size.dense();
  size.largest_weight = table;
  return size;
}

// Its embedding is the first stage's, of which another stage needs a copy: the
// head's, where that is tied, or one more.
PieceParameters mtp_parameters(const Scenario& scenario) {
  const ModelSpec& model = scenario.model;
  const std::int64_t h = model.hidden, tp = scenario.layout.tp;
  PieceParameters size = layer_parameters(model, scenario.layout, model.layers - 1);
  size.tp_split += 2 * h * ((h + tp - 1) / tp);
  size.tp_replicated += 3 * h * norm_width(model);
  if (scenario.layout.pp > 1 && !model.tied_embeddings) size.tables = padded_vocab(model, scenario.layout) / tp * h;
  size.tp_split += size.tables;
  size.largest_weight = std::max(size.tables, largest_layer_weight(model, scenario.layout, model.layers - 1));
  return size;
}

}  // namespace

namespace {

ParameterCount count_table(const ModelSpec& model) {
  ParameterCount count;
  for (const TableLayer& layer : model.table) count.total += layer.parameters;
  count.active = count.total;
  count.per_layer = model.table.back().parameters;
  return count;
}

PieceParameters table_parameters(const Scenario& scenario, PieceKind kind, int layer) {
  PieceParameters size;
  if (kind != PieceKind::layer) return size;
  const TableLayer& row = scenario.model.table[static_cast<std::size_t>(layer)];
  size.largest_weight = row.parameters_on(scenario.layout.tp);
  (row.is_split() ? size.tp_split : size.tp_replicated) = size.largest_weight;
  return size;
}

}  // namespace

ParameterCount count_parameters(const ModelSpec& model, std::int64_t positions) {
  if (!model.table.empty()) return count_table(model);
  const std::int64_t table = static_cast<std::int64_t>(model.vocab) * model.hidden;
  ParameterCount count;
  count.embedding = table;
  count.head = model.tied_embeddings ? 0 : table;
  count.total = count.embedding + count.head + model.hidden * norm_width(model) + position_table(model, positions);
  count.active = count.total;
  for (int layer = 0; layer < model.layers; ++layer) {
    const std::int64_t size = layer_total(model, layer);
    count.total += size;
    count.active += size - idle_experts(model, layer);
  }
  if (model.layers > 0) count.per_layer = layer_total(model, model.layers - 1);
  if (model.mtp_layers > 0) count.mtp = model.mtp_layers * mtp_module(model);
  return count;
}

std::int64_t padded_vocab(const ModelSpec& model, const LayoutSpec& layout) {
  const std::int64_t vocab = model.vocab;
  if (vocab % layout.tp == 0 || !model.table.empty()) return vocab;
  const std::int64_t multiple = std::int64_t{128} * layout.tp;
  return (vocab + multiple - 1) / multiple * multiple;
}

namespace {

// Of what one rank alone would hold: matrices in blocks, norms and biases in as many
// parts (a cube: as many as its side), tables with the matrices.
PieceParameters on_grid(const PieceParameters& whole, const TensorGrid& grid) {
  const auto part = [](std::int64_t n, std::int64_t parts) { return (n + parts - 1) / parts; };
  const int small = grid.cube() ? grid.side : grid.weight_parts();
  PieceParameters size;
  size.tp_split = part(whole.tp_split, grid.weight_parts()) + part(whole.tp_replicated, small) +
                  part(whole.positions, grid.weight_parts());
  size.tables = whole.tables > 0 ? size.tp_split : 0;  // of the ends, all is
  size.largest_weight = part(whole.largest_weight, grid.weight_parts());
  return size;
}

}  // namespace

PieceParameters piece_parameters(const Scenario& scenario, PieceKind kind, int layer) {
  if (!scenario.model.table.empty()) return table_parameters(scenario, kind, layer);
  if (const TensorGrid grid = tensor_grid(scenario.layout); grid.active()) {
    Scenario alone = scenario;
    alone.layout.tp = 1;
    alone.model.vocab = static_cast<int>(padded_vocab(scenario.model, scenario.layout));
    return on_grid(piece_parameters(alone, kind, layer), grid);
  }
  switch (kind) {
    case PieceKind::embedding:
      return embedding_parameters(scenario);
    case PieceKind::mtp:
      return mtp_parameters(scenario);
    case PieceKind::head:
      return head_parameters(scenario);
    case PieceKind::loss:
      return {};
    case PieceKind::layer:
      break;
  }
  const int degree = piece_degree(scenario, kind, layer);
  const LayoutSpec& all = scenario.layout;
  const LayoutSpec layout = degree == all.tp ? all : layer_layout(all, degree);
  PieceParameters size = layer_parameters(scenario.model, layout, layer);
  size.largest_weight = largest_layer_weight(scenario.model, layout, layer);
  return size;
}

}  // namespace orrery::models
