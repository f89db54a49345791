#include "models/architecture/flops.h"

#include <algorithm>

#include "models/architecture/parameters.h"
#include "models/architecture/recompute.h"

namespace orrery::models {
namespace {

// Multiply-adds a token in the attention projections. The norms of the latent
// vectors count as Megatron-LM counts them, one a channel.
double projections(const ModelSpec& model) {
  const double h = model.hidden, heads = model.heads;
  if (!model.mla) {
    const double query = heads * model.head_dim, key = static_cast<double>(model.kv_heads) * model.head_dim;
    return h * (2 * query + 2 * key);
  }
  const MlaSpec& mla = *model.mla;
  const double query_dim = mla.nope_dim + mla.rope_dim;
  const double query = mla.q_lora > 0 ? mla.q_lora * (h + heads * query_dim + 1) : h * heads * query_dim;
  const double latent = mla.kv_lora * (h + heads * (mla.nope_dim + mla.v_dim) + 1) + h * mla.rope_dim;
  return query + latent + heads * mla.v_dim * h;
}

// Of those, from the latents on.
double up_projections(const ModelSpec& model) {
  if (!model.mla) return 0;
  const MlaSpec& mla = *model.mla;
  const double query = mla.q_lora > 0 ? mla.q_lora : model.hidden;
  return model.heads * (query * (mla.nope_dim + mla.rope_dim) + mla.kv_lora * (mla.nope_dim + mla.v_dim));
}

double feed_forward(const ModelSpec& model, int layer) {
  const double matrices = model.gated() ? 3 : 2;
  if (!has_experts(model, layer)) return matrices * model.hidden * model.ffn;
  const MoeSpec& moe = *model.moe;
  return matrices * model.hidden * moe.ffn * (moe.top_k + moe.shared_experts);
}

// Query-key pairs of a sequence, masked ones included. A window keeps
// sum(min(i, w)) of the lower triangle; twice that is its "full".
double pairs(const ModelSpec& model, double sequence) {
  const double window = model.window;
  if (window <= 0 || window >= sequence) return sequence * sequence;
  return 2 * sequence * window - window * window;
}

double core(const ModelSpec& model, double sequence) {
  const double width = model.mla ? model.mla->nope_dim + model.mla->rope_dim + model.mla->v_dim : 2.0 * model.head_dim;
  return 2 * pairs(model, sequence) * model.heads * width;
}

// A multi-token-prediction module: one more layer, the projection of two hidden
// states to one with its norms, and logits of its own.
ForwardFlops mtp_module(const ModelSpec& model, std::int64_t sequence, std::int64_t vocab) {
  const double tokens = static_cast<double>(sequence), h = model.hidden;
  ForwardFlops module = layer_forward_flops(model, sequence, model.layers - 1);
  module.linear += 2 * tokens * (2 * h * h + 3 * h);
  module.head = 2 * tokens * h * static_cast<double>(vocab);
  return module;
}

void add(ForwardFlops& sum, const ForwardFlops& part, int times = 1) {
  sum.linear += times * part.linear;
  sum.attention += times * part.attention;
  sum.head += times * part.head;
}

// Packed documents meet themselves alone: the squares of their lengths stand for that of the sequence.
double packed_share(const Scenario& scenario) {
  const double whole = static_cast<double>(scenario.training.sequence_length);
  const double document = std::min(whole, scenario.training.mean_attended());
  return core(scenario.model, document) * (whole / document) / core(scenario.model, whole);
}

// Multiply-adds a token of what selective-op counts (layer/selective_op.h), in the forward's order.
std::vector<double> counted_products(const ModelSpec& model, std::int64_t ffn) {
  const double h = model.hidden, heads = model.heads;
  std::vector<double> products;
  if (model.mla) {
    const MlaSpec& mla = *model.mla;
    const double query = heads * (mla.nope_dim + mla.rope_dim);
    if (mla.q_lora > 0) products.push_back(h * mla.q_lora);
    products.push_back((mla.q_lora > 0 ? mla.q_lora : h) * query);
    products.push_back(h * (mla.kv_lora + mla.rope_dim));
    products.push_back(mla.kv_lora * heads * (mla.nope_dim + mla.v_dim));
    products.push_back(heads * mla.v_dim * h);
  } else {
    const double query = heads * model.head_dim, key = static_cast<double>(model.kv_heads) * model.head_dim;
    products = {h * query, h * key, h * key, query * h};
  }
  if (ffn > 0) products.insert(products.end(), model.gated() ? 3 : 2, h * static_cast<double>(ffn));
  return products;
}

// Of those every second, but for the last of an MLP, whose sum nobody reads without dropout; and of experts' all, but
// the last where nothing shared stands behind it. The router's counts nowhere.
double second_products(const Scenario& scenario, int layer, double tokens) {
  const ModelSpec& model = scenario.model;
  const bool experts = has_experts(model, layer);
  const std::int64_t ffn = experts ? std::int64_t{model.moe->shared_experts} * model.moe->ffn : model.ffn;
  std::vector<double> products = counted_products(model, ffn);
  if (ffn > 0 && scenario.training.dropout == 0) products.pop_back();
  double sum = 0;
  for (std::size_t i = 1; i < products.size(); i += 2) sum += products[i];
  if (experts) {
    const double each = (model.gated() ? 2 : 1) + (ffn > 0 ? 1 : 0);
    sum += each * model.hidden * model.moe->top_k * static_cast<double>(model.moe->ffn);
  }
  return 2 * tokens * sum;
}

double recomputed(const Scenario& scenario, const LayerRecompute& again, int layer) {
  const ModelSpec& model = scenario.model;
  const double tokens = static_cast<double>(scenario.training.sequence_length);
  ForwardFlops forward = layer_forward_flops(model, scenario.training.sequence_length, layer);
  forward.attention *= packed_share(scenario);
  if (again.everything) return forward.causal();
  double flops = 0;
  if (again.core || again.attention) flops += forward.attention / 2;
  if (again.attention) flops += 2 * tokens * projections(model);
  if (again.up_projections) flops += 2 * tokens * up_projections(model);
  if (has_experts(model, layer) ? again.experts : again.mlp) flops += 2 * tokens * feed_forward(model, layer);
  if (again.every_second_product) flops += second_products(scenario, layer, tokens);
  return flops;
}

double recomputed(const Scenario& scenario) {
  const std::vector<LayerRecompute> again = recompute_of_layers(scenario);
  double flops = 0;
  for (std::size_t i = 0; i < again.size(); ++i)
    if (again[i].any()) flops += recomputed(scenario, again[i], static_cast<int>(i));
  return flops;
}

}  // namespace

ForwardFlops layer_forward_flops(const ModelSpec& model, std::int64_t sequence, int layer) {
  if (!model.table.empty()) return {model.table[static_cast<std::size_t>(layer)].forward_flops, 0, 0};
  const double tokens = static_cast<double>(sequence);
  return {2 * tokens * (projections(model) + feed_forward(model, layer)), core(model, tokens), 0};
}

ForwardFlops forward_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t vocab) {
  ForwardFlops sum;
  for (int layer = 0; layer < model.layers; ++layer) add(sum, layer_forward_flops(model, sequence, layer));
  if (!model.table.empty()) return sum;
  sum.head = 2 * static_cast<double>(sequence) * model.hidden * static_cast<double>(vocab);
  if (model.mtp_layers > 0) add(sum, mtp_module(model, sequence, vocab), model.mtp_layers);
  return sum;
}

Flops megatron_2021_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t sequences, std::int64_t vocab) {
  const double h = model.hidden, layers = model.layers, s = static_cast<double>(sequence);
  const double shape = 1 + s / (6 * h) + static_cast<double>(vocab) / (16 * layers * h);
  return {96 * static_cast<double>(sequences) * s * layers * h * h * shape};
}

Flops palm_flops(const ModelSpec& model, std::int64_t sequence, std::int64_t sequences) {
  const std::int64_t positions = sequence;  // learned ones, where the model has them
  const double parameters = static_cast<double>(count_parameters(model, positions).active);
  const double width = static_cast<double>(model.heads) * model.head_dim;
  const double s = static_cast<double>(sequence);
  return {static_cast<double>(sequences) * s * (6 * parameters + 12 * model.layers * width * s)};
}

StepFlops step_flops(const Scenario& scenario) {
  const ModelSpec& model = scenario.model;
  const std::int64_t sequence = scenario.training.sequence_length, sequences = scenario.training.global_batch;
  const std::int64_t vocab = padded_vocab(model, scenario.layout);
  ForwardFlops forward = forward_flops(model, sequence, vocab);
  forward.attention *= packed_share(scenario);
  const double batch = static_cast<double>(sequences);

  StepFlops step;
  step.model_full = {3 * batch * forward.full()};
  step.model_causal = {3 * batch * forward.causal()};
  step.megatron_2021 = megatron_2021_flops(model, sequence, sequences, vocab);
  step.palm = palm_flops(model, sequence, sequences);
  step.hardware = step.model_causal + Flops{batch * recomputed(scenario)};
  return step;
}

}  // namespace orrery::models
