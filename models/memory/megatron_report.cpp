#include "models/memory/megatron_report.h"

#include <algorithm>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/layout/sharding.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

// Parameters of all layers and the last norm: split over tp, whole on every tp
// rank, of experts.
struct Block {
  double split = 0, replicated = 0, experts = 0;
};

Block block_parameters(ModelSpec model) {
  model.bias = model.qkv_bias = false;
  Scenario whole;
  whole.model = model;
  Block block;
  for (int layer = 0; layer < model.layers; ++layer) {
    const PieceParameters size = piece_parameters(whole, PieceKind::layer, layer);
    block.split += static_cast<double>(size.tp_split);
    block.replicated += static_cast<double>(size.tp_replicated);
    block.experts += static_cast<double>(size.experts);
  }
  block.replicated += static_cast<double>(piece_parameters(whole, PieceKind::head, 0).tp_replicated);
  return block;
}

double bytes_per_parameter(int zero, int shards) {
  return zero > 0 ? 6 + 12.0 / shards : 18;
}

// The first stage: its share of the layers, the embedding, and without a
// pipeline the output layer.
double weight_and_optimizer(const Scenario& scenario, const Block& block, double table) {
  const LayoutSpec& layout = scenario.layout;
  const bool two_tables = !scenario.model.tied_embeddings && layout.pp == 1;
  const double dense =
      (block.split / layout.pp + table * (two_tables ? 2 : 1)) / layout.tp + block.replicated / layout.pp;
  const double experts = block.experts / (layout.pp * layout.ep * layout.etp);
  return dense * bytes_per_parameter(layout.zero, layout.dp) +
         experts * bytes_per_parameter(layout.zero, expert_replicas(layout));
}

// Micro-batches of the first stage against a full pipeline of p.
double pipeline_factor(const Scenario& scenario, std::optional<int> micro_batches) {
  const double p = scenario.layout.pp, v = scenario.pipeline.virtual_stages;
  if (v > 1) return 1 + (p - 1) / (p * v);
  if (p > 1 && micro_batches) return std::min(1.0, *micro_batches / p);
  return 1;
}

// Token ids and the embedding's dropout mask, of p micro-batches.
double embedding_input(double tokens, double hidden, int pp) {
  return tokens * (8 + hidden) * pp;
}

// With sequence parallelism and selective recomputation everything divides by t.
double sharded_activation(const Scenario& scenario, double tokens, double vocab, double factor) {
  const ModelSpec& model = scenario.model;
  const LayoutSpec& layout = scenario.layout;
  const double h = model.hidden;
  double bytes = factor * (model.layers * tokens * (18 * h + 4.0 * model.ffn) + embedding_input(tokens, h, layout.pp));
  if (layout.pp == 1) bytes += 4 * tokens * (h + vocab);
  return bytes / layout.tp;
}

// Any other setting: the formula of tensor parallelism alone, and 5 % on top.
double plain_activation(const Scenario& scenario, double tokens, double vocab, double factor) {
  const ModelSpec& model = scenario.model;
  const LayoutSpec& layout = scenario.layout;
  const double h = model.hidden, t = layout.tp;
  double bytes = factor * (model.layers * tokens * h * (10 + 24 / t) + embedding_input(tokens, h, layout.pp));
  if (layout.pp == 1) bytes += 2 * tokens * (h + vocab / t);
  return 1.05 * bytes;
}

}  // namespace

MegatronReport megatron_report(const Scenario& scenario, std::optional<int> micro_batches) {
  const ModelSpec& model = scenario.model;
  const TrainingSpec& training = scenario.training;
  const Block block = block_parameters(model);
  const double vocab = static_cast<double>(padded_vocab(model, scenario.layout));
  const double table = vocab * model.hidden;
  const double tokens = static_cast<double>(training.sequence_length * training.micro_batch);
  const bool sharded = scenario.layout.sequence_parallel && training.recompute.kind == Recompute::Kind::selective;
  const double factor = pipeline_factor(scenario, micro_batches);

  MegatronReport report;
  report.parameters = block.split + block.replicated + block.experts + table * (model.tied_embeddings ? 1 : 2);
  report.weight_and_optimizer = weight_and_optimizer(scenario, block, table);
  report.activation =
      sharded ? sharded_activation(scenario, tokens, vocab, factor) : plain_activation(scenario, tokens, vocab, factor);
  return report;
}

}  // namespace orrery::models
