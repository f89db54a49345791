#include "models/layout/stage_costs.h"

namespace orrery::models {
namespace {

// Keys and values count as wide as queries, as nanotron has it.
std::int64_t layer_weights(const ModelSpec& model) {
  const std::int64_t hidden = model.hidden, attention = std::int64_t{4} * model.heads * model.head_dim;
  const std::int64_t ffn = model.moe ? std::int64_t{model.moe->ffn} * (model.moe->top_k + model.moe->shared_experts)
                                     : std::int64_t{model.ffn};
  return hidden * (attention + (model.gated() ? 3 : 2) * ffn);
}

}  // namespace

std::vector<int> layers_by_cost(const ModelSpec& model, int stages) {
  const std::int64_t layer = layer_weights(model);
  const std::int64_t all = layer * model.layers + std::int64_t{model.vocab} * model.hidden;
  std::vector<int> layers(static_cast<std::size_t>(stages), 0);
  int stage = 0;
  for (int dealt = 1; dealt <= model.layers; ++dealt) {
    ++layers[static_cast<std::size_t>(stage)];
    if (layer * dealt * stages > all * (stage + 1)) ++stage;
  }
  return layers;
}

}  // namespace orrery::models
