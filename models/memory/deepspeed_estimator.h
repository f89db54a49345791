#pragma once

#include <cstdint>

#include "sim/base/amount.h"

namespace orrery::models {

// What DeepSpeed's estimate_zero2/zero3_model_states_mem_needs answer, to the
// byte: memory of model states a GPU and CPU memory a node, its buffer factor of
// 1.5 included. Oracles for comparison; runs of ours count their own tensors.
struct EstimatedMemory {
  Bytes cpu, gpu;
  bool operator==(const EstimatedMemory&) const = default;
};

struct DeepSpeedCluster {
  std::int64_t gpus_per_node = 1, nodes = 1;
  std::int64_t gpus() const { return gpus_per_node * nodes; }
};

// The code's 2P + 18P/n; DeepSpeed's documentation has 4P + 16P/n.
EstimatedMemory deepspeed_zero2(std::int64_t parameters, const DeepSpeedCluster& cluster, bool offload_optimizer);

enum class Zero3Offload { none, optimizer, optimizer_and_parameters };

// `zero_init`: the model is built inside deepspeed.zero.Init and never whole on one process.
EstimatedMemory deepspeed_zero3(std::int64_t parameters, std::int64_t largest_layer, const DeepSpeedCluster& cluster,
                                Zero3Offload offload, bool zero_init);

}  // namespace orrery::models
