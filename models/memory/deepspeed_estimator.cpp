#include "models/memory/deepspeed_estimator.h"

#include <algorithm>

namespace orrery::models {
namespace {

// The buffer factor of 1.5.
Bytes with_buffers(std::int64_t bytes) {
  return {bytes * 3 / 2};
}

// A CPU holds either the sharded states of its node, or, without zero_init, the
// fp32 model once for every process while it loads.
std::int64_t offloaded(std::int64_t parameters, const DeepSpeedCluster& cluster, int state_bytes, bool zero_init) {
  const std::int64_t states = state_bytes * parameters / cluster.nodes;
  return zero_init ? states : std::max(4 * cluster.gpus_per_node * parameters, states);
}

}  // namespace

EstimatedMemory deepspeed_zero2(std::int64_t parameters, const DeepSpeedCluster& cluster, bool offload_optimizer) {
  if (offload_optimizer)
    return {with_buffers(parameters * std::max<std::int64_t>(4 * cluster.gpus(), 16)), {2 * parameters}};
  return {with_buffers(4 * cluster.gpus_per_node * parameters), {2 * parameters + 18 * parameters / cluster.gpus()}};
}

EstimatedMemory deepspeed_zero3(std::int64_t parameters, std::int64_t largest_layer, const DeepSpeedCluster& cluster,
                                Zero3Offload offload, bool zero_init) {
  const std::int64_t gathered = 4 * largest_layer;
  switch (offload) {
    case Zero3Offload::optimizer_and_parameters:
      return {with_buffers(offloaded(parameters, cluster, 18, zero_init)), {gathered}};
    case Zero3Offload::optimizer:
      return {with_buffers(offloaded(parameters, cluster, 16, zero_init)),
              {gathered + 2 * parameters / cluster.gpus()}};
    case Zero3Offload::none:
      break;
  }
  const std::int64_t loading = zero_init ? largest_layer : parameters;
  return {with_buffers(4 * cluster.gpus_per_node * loading), {gathered + 18 * parameters / cluster.gpus()}};
}

}  // namespace orrery::models
