#include "models/architecture/recompute.h"

#include <stdexcept>

namespace orrery::models {

LayerRecompute layer_recompute(const TrainingSpec& training, int layer_in_rank) {
  const Recompute& recompute = training.recompute;
  switch (recompute.kind) {
    case Recompute::Kind::none:
      return LayerRecompute::nothing;
    case Recompute::Kind::selective:
      return training.attention == AttentionKind::unfused ? LayerRecompute::attention_core : LayerRecompute::nothing;
    case Recompute::Kind::full:
      return LayerRecompute::everything;
    case Recompute::Kind::full_layers:
      return layer_in_rank < recompute.n ? LayerRecompute::everything : LayerRecompute::nothing;
    case Recompute::Kind::every:  // as TorchTitan counts: of every n layers the last
      return (layer_in_rank + 1) % recompute.n == 0 ? LayerRecompute::everything : LayerRecompute::nothing;
    case Recompute::Kind::selective_op:
    case Recompute::Kind::modules:
      break;
  }
  throw std::logic_error("this kind of recomputation is refused by the scenario reader");
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
