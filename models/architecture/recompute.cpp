#include "models/architecture/recompute.h"

#include <algorithm>
#include <string_view>

namespace orrery::models {

namespace {

LayerRecompute of_modules(const std::vector<std::string>& modules) {
  const auto named = [&](std::string_view name) {
    return std::find(modules.begin(), modules.end(), name) != modules.end();
  };
  LayerRecompute again;
  again.attention = named("attention");
  again.mlp = named("mlp");
  again.experts = named("moe");
  again.norms = named("norm");
  again.up_projections = named("mla_up_proj");
  again.expert_activation = named("moe_act");
  return again;
}

}  // namespace

LayerRecompute layer_recompute(const TrainingSpec& training, int layer_in_rank) {
  const Recompute& recompute = training.recompute;
  LayerRecompute again;
  switch (recompute.kind) {
    case Recompute::Kind::none:
      break;
    case Recompute::Kind::selective:
      again.core = training.attention == AttentionKind::unfused;
      break;
    case Recompute::Kind::full:
      again.everything = true;
      break;
    case Recompute::Kind::full_layers:
      again.everything = layer_in_rank < recompute.n;
      break;
    case Recompute::Kind::every:  // as TorchTitan counts: of every n layers the last
      again.everything = (layer_in_rank + 1) % recompute.n == 0;
      break;
    case Recompute::Kind::selective_op:
      again.every_second_product = true;
      break;
    case Recompute::Kind::modules:
      return of_modules(recompute.modules);
  }
  return again;
}

std::vector<LayerRecompute> recompute_of_layers(const Scenario& scenario) {
  std::vector<LayerRecompute> layers;
  std::vector<int> in_rank(static_cast<std::size_t>(scenario.layout.pp), 0);
  for (std::size_t stage = 0; stage < scenario.pipeline.stage_layers.size(); ++stage) {
    int& layer_in_rank = in_rank[stage % in_rank.size()];
    for (int i = 0; i < scenario.pipeline.stage_layers[stage]; ++i)
      layers.push_back(layer_recompute(scenario.training, layer_in_rank++));
  }
  return layers;
}

}  // namespace orrery::models
