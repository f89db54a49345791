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

int layers_recomputing(const Scenario& scenario, LayerRecompute what) {
  const std::vector<int>& stages = scenario.pipeline.stage_layers;
  int found = 0;
  for (int rank = 0; rank < scenario.layout.pp; ++rank) {
    int layer_in_rank = 0;
    for (std::size_t stage = static_cast<std::size_t>(rank); stage < stages.size();
         stage += static_cast<std::size_t>(scenario.layout.pp))
      for (int i = 0; i < stages[stage]; ++i)
        if (layer_recompute(scenario.training, layer_in_rank++) == what) ++found;
  }
  return found;
}

}  // namespace orrery::models
