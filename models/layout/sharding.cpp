#include "models/layout/sharding.h"

#include <algorithm>

namespace orrery::models {
namespace {

// The ZeRO stage that splits the same states.
int stage_of(const LayoutSpec& layout) {
  if (layout.fsdp.empty()) return layout.zero;
  return layout.fsdp == "no_shard" ? 0 : 3;
}

// PyTorch keeps the parameters of a pipeline stage gathered, since every
// micro-batch needs them anew (reshard_after_forward: auto).
bool reshards(const LayoutSpec& layout) {
  if (layout.fsdp == "shard_grad_op") return false;
  return layout.reshard_after_forward.value_or(layout.fsdp.empty() || layout.pp == 1);
}

Sharding among(const LayoutSpec& layout, int replicas, int group) {
  Sharding result;
  result.replicas = replicas;
  const int stage = stage_of(layout);
  if (stage == 0 || group == 1) return result;
  result.group = group;
  result.optimizer = true;
  result.gradients = stage >= 2;
  result.parameters = stage >= 3;
  if (layout.fsdp.empty()) return result;

  result.shards_are_master = true;
  result.reduce_once = layout.pp > 1;
  if (!reshards(layout)) result.keep = layout.pp > 1 ? Sharding::Keep::for_the_step : Sharding::Keep::until_backward;
  return result;
}

}  // namespace

Sharding sharding(const LayoutSpec& layout, int in_pipeline) {
  const int replicas = layout.dp * layout.cp * in_pipeline;
  return among(layout, replicas, layout.shard_group > 0 ? layout.shard_group : replicas);
}

int expert_replicas(const LayoutSpec& layout) {
  return std::max(1, layout.tp * layout.cp * layout.dp / (layout.etp * layout.ep));
}

Sharding expert_sharding(const LayoutSpec& layout, int in_pipeline) {
  const int replicas = expert_replicas(layout) * in_pipeline;
  if (layout.shard_group == 0) return among(layout, replicas, replicas);
  return among(layout, replicas, std::max(1, layout.shard_group * layout.tp / (layout.etp * layout.ep)));
}

}  // namespace orrery::models
